"""The stack: settings and addresses in, the components that make it up out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pg8000.exceptions

from devstack import kafka, migrate, postgres, site, template
from devstack.component import Component, NotReadyError
from devstack.errors import UserError
from devstack.event_source_mapping.definition.choices import Choices
from devstack.parts import Parts, listens
from devstack.ports import LOCALHOST
from devstack.settings import ROOT, Addresses, Settings

TEMPLATE = ROOT / "template.yaml"
FRONTEND = ROOT / "frontend"
TOOLS = ROOT / ".tools"

_FUNCTION_SETTINGS = {
    "CACHE_MAX_ENTRIES": "CacheMaxEntries",
    "LOG_LEVEL": "LogLevel",
    "STRICT_TOTALS": "StrictTotals",
}
"""Settings of a person that are parameters of the template."""

WARM = ("OrdersApiFunction", "IngestOrdersFunction")
"""The functions that every start needs; each costs a second of a core and 35 MB."""


@dataclass(frozen=True)
class Stack:
    """Everything that is decided before the first process starts."""

    settings: Settings
    addresses: Addresses
    say: Callable[[str], None]

    def components(self) -> list[Component]:
        """Return the components, each after those it needs."""
        parts = [self._postgres()] if self.settings.own_postgres else []
        parts += [self._kafka()] if self.settings.own_kafka else []
        started = {part.name for part in parts}
        parts.append(self._aws())
        parts.append(self._front(tuple(started & {"postgres"})))
        parts.append(self._mapping(tuple(started & {"kafka"})))
        return parts

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Return the template's parameters for this stack."""
        settings, addresses = self.settings, self.addresses
        host, port = settings.db_proxy or (addresses.db_host, addresses.db_port)
        own = {
            "KafkaTopic": settings.topic,
            "KafkaBootstrapServers": addresses.kafka_broker,
            "DatabaseHost": host,
            "DatabasePort": str(port),
            "DatabaseUser": settings.db_user,
            "DatabasePassword": settings.db_password,
            "DatabaseName": settings.db_name,
        }
        chosen = {
            parameter: settings.values[name]
            for name, parameter in _FUNCTION_SETTINGS.items()
            if settings.values.get(name)
        }
        if seconds := settings.ingest_timeout_seconds:
            chosen["IngestTimeoutSeconds"] = str(seconds)
        return own | chosen

    @cached_property
    def template(self) -> template.Template:
        """Return template.yaml as it reads under this stack's settings."""
        described = template.read(TEMPLATE, self.parameters)
        code, layers = self.settings.function_code, self.settings.function_layers
        try:
            return described.changed(code, layers)
        except UserError as error:
            message = f"FUNCTION_CODE: {error}"
            raise UserError(message) from error

    @property
    def aws_url(self) -> str:
        """Return the address of the local AWS services."""
        return f"http://{LOCALHOST}:{self.addresses.aws_port}"

    @property
    def bucket(self) -> str:
        """Return the bucket that holds the page."""
        return self.template.buckets[0]

    @cached_property
    def _parts(self) -> Parts:
        return Parts(self.settings.home)

    def _postgres(self) -> Component:
        settings = self.settings
        server = postgres.Server(settings.home / "postgres", self.addresses.db_port)

        def settle() -> None:
            try:
                server.ensure_database(settings.db_name, settings.db_user, settings.db_password)
                self.migrate()
            except (OSError, pg8000.exceptions.InterfaceError) as error:
                raise NotReadyError from error

        return Component(
            name="postgres",
            command=lambda: server.command,
            answers=server.answers,
            prepare=server.prepare,
            settle=settle,
            environment=self._parts.environment,
            user=server.user,
            stop_signal=postgres.STOP_SIGNAL,
        )

    def migrate(self) -> None:
        """Bring the database to the newest schema; says which migrations it applied."""
        host, port = self.addresses.db_host, self.addresses.db_port
        for version in migrate.apply(self.settings, host, port):
            self.say(f"migration {version} applied")

    def _kafka(self) -> Component:
        broker = kafka.Broker(
            jars=kafka.jars(TOOLS, self.say),
            folder=self.settings.home / "kafka",
            port=int(self.addresses.kafka_broker.rpartition(":")[2]),
            controller_port=self.addresses.kafka_controller_port,
        )
        return Component(
            name="kafka",
            command=lambda: broker.command,
            answers=lambda: kafka.answers(broker.bootstrap_servers),
            prepare=broker.prepare,
            settle=self.ensure_topic,
            environment=self._parts.environment,
        )

    def ensure_topic(self) -> None:
        """Make the topic unless it is there."""
        kafka.ensure_topic(self.addresses.kafka_broker, self.settings.topic)

    def _aws(self) -> Component:
        return self._parts.aws(
            self.addresses.aws_port, lambda: site.upload(FRONTEND, self.aws_url, self.bucket)
        )

    def _front(self, needs: tuple[str, ...]) -> Component:
        ports = (*self.addresses.http_ports, self.addresses.invoke_port)
        configuration = {
            "template": str(TEMPLATE),
            "parameters": self.parameters,
            "code": {name: str(path) for name, path in self.settings.function_code.items()},
            "layers": [str(path) for path in self.settings.function_layers],
            "environment": {**self._parts.mark, "AWS_ENDPOINT_URL": self.aws_url},
            "http_ports": self.addresses.http_ports,
            "invoke_port": self.addresses.invoke_port,
            "site": f"{self.aws_url}/{self.bucket}",
            "warm": WARM,
        }

        return Component(
            name="front",
            command=self._parts.module("front", configuration),
            answers=lambda: all(map(listens, ports)),
            needs=(*needs, "aws"),
            prepare=self._parts.end_environments,
            environment=self._parts.environment,
        )

    def _mapping(self, needs: tuple[str, ...]) -> Component:
        configuration = {
            "template": str(TEMPLATE),
            "parameters": self.parameters,
            "endpoint_url": f"http://{LOCALHOST}:{self.addresses.invoke_port}",
            "aws_endpoint_url": self.aws_url,
            "bootstrap_servers": self.addresses.kafka_broker,
            "choices": _checked(self.settings.mapping_choices),
        }
        return self._parts.mapping(configuration, (*needs, "aws", "front"))


def _checked(choices: Mapping[str, str]) -> Mapping[str, str]:
    """Refuse a wrong choice now, not when the mapping dies of it."""
    try:
        Choices.of(choices)
    except UserError as error:
        message = f"MAPPING_CHOICES: {error}"
        raise UserError(message) from error
    return choices


def use_external_servers(stack: Stack) -> None:
    """Make ready what servers of the user's are to hold; `UserError` when one does not answer."""
    broker = stack.addresses.kafka_broker
    if not stack.settings.own_kafka:
        if not kafka.answers(broker):
            message = (
                f"KAFKA_BROKER={broker} does not answer; start it, or unset KAFKA_BROKER to let"
                " the stack run its own Kafka"
            )
            raise UserError(message)
        stack.ensure_topic()
    if not stack.settings.own_postgres:
        stack.migrate()
