"""The stack: settings and addresses in, the components that make it up out."""

import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pg8000.exceptions
from botocore.exceptions import BotoCoreError, ClientError

from devstack import kafka, leftovers, mappings, migrate, postgres, private_file, site, template
from devstack.component import Component, NotReadyError
from devstack.errors import UserError
from devstack.event_source_mapping.definition.choices import Choices
from devstack.settings import LOCALHOST, ROOT, Addresses, Settings

TEMPLATE = ROOT / "template.yaml"
FRONTEND = ROOT / "frontend"
TOOLS = ROOT / ".tools"

_FUNCTION_SETTINGS = {
    "CACHE_MAX_ENTRIES": "CacheMaxEntries",
    "LOG_LEVEL": "LogLevel",
    "STRICT_TOTALS": "StrictTotals",
}
"""Settings of a person that are parameters of the template."""


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
        own = {
            "KafkaTopic": settings.topic,
            "KafkaBootstrapServers": addresses.kafka_broker,
            "DatabaseHost": addresses.db_host,
            "DatabasePort": str(addresses.db_port),
            "DatabaseUser": settings.db_user,
            "DatabasePassword": settings.db_password,
            "DatabaseName": settings.db_name,
        }
        chosen = {
            parameter: settings.values[name]
            for name, parameter in _FUNCTION_SETTINGS.items()
            if settings.values.get(name)
        }
        return own | chosen

    @cached_property
    def template(self) -> template.Template:
        """Return template.yaml as it reads under this stack's parameters."""
        return template.read(TEMPLATE, self.parameters)

    @property
    def aws_url(self) -> str:
        """Return the address of the local AWS services."""
        return f"http://{LOCALHOST}:{self.addresses.aws_port}"

    @property
    def bucket(self) -> str:
        """Return the bucket that holds the page."""
        return self.template.buckets[0]

    def _component_environment(self) -> dict[str, str]:
        return {
            leftovers.MARK: str(self.settings.home),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(ROOT),  # -m devstack.… from any folder
        }

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
            environment=self._component_environment(),
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
            environment=self._component_environment(),
        )

    def ensure_topic(self) -> None:
        """Make the topic unless it is there."""
        kafka.ensure_topic(self.addresses.kafka_broker, self.settings.topic)

    def _aws(self) -> Component:
        port = self.addresses.aws_port

        def settle() -> None:
            try:
                site.upload(FRONTEND, self.aws_url, self.bucket)
            except (BotoCoreError, ClientError) as error:
                raise NotReadyError from error

        return Component(
            name="aws",
            command=lambda: (sys.executable, "-m", "devstack.aws", "--port", str(port)),
            answers=lambda: listens(port),
            settle=settle,
            environment=self._component_environment(),
        )

    def _front(self, needs: tuple[str, ...]) -> Component:
        ports = (*self.addresses.http_ports, self.addresses.invoke_port)
        configuration = {
            "template": str(TEMPLATE),
            "parameters": self.parameters,
            "environment": {
                leftovers.MARK: str(self.settings.home),
                "AWS_ENDPOINT_URL": self.aws_url,
            },
            "http_ports": self.addresses.http_ports,
            "invoke_port": self.addresses.invoke_port,
            "site": f"{self.aws_url}/{self.bucket}",
        }

        def prepare() -> None:
            # Environments of a killed front may still be at work; two answers to one are too many.
            leftovers.end(self.settings.home, with_variable="AWS_LAMBDA_RUNTIME_API")

        return Component(
            name="front",
            command=self._module("front", configuration),
            answers=lambda: all(map(listens, ports)),
            needs=(*needs, "aws"),
            prepare=prepare,
            environment=self._component_environment(),
        )

    def _mapping(self, needs: tuple[str, ...]) -> Component:
        ready_file = self.settings.home / "run" / "mapping.ready"
        choices = _checked(self.settings.mapping_choices)
        configuration = {
            "template": str(TEMPLATE),
            "parameters": self.parameters,
            "endpoint_url": f"http://{LOCALHOST}:{self.addresses.invoke_port}",
            "aws_endpoint_url": self.aws_url,
            "bootstrap_servers": self.addresses.kafka_broker,
            "choices": choices,
            "ready_file": str(ready_file),
            "status_file": str(mappings.file_of(self.settings.home)),
        }

        def prepare() -> None:
            ready_file.unlink(missing_ok=True)
            mappings.file_of(self.settings.home).unlink(missing_ok=True)

        return Component(
            name="mapping",
            command=self._module("event_source_mapping", configuration),
            answers=ready_file.exists,
            needs=(*needs, "aws", "front"),
            prepare=prepare,
            environment=self._component_environment(),
        )

    def _module(
        self, module: str, configuration: Mapping[str, object]
    ) -> Callable[[], tuple[str, ...]]:
        file = private_file.write(self.settings.home / "run" / f"{module}.json", configuration)
        command = (sys.executable, "-m", f"devstack.{module}", "--config", str(file))
        return lambda: command


def _checked(choices: Mapping[str, str]) -> Mapping[str, str]:
    """Refuse a wrong choice now, not when the mapping dies of it."""
    try:
        Choices.of(choices)
    except UserError as error:
        message = f"MAPPING_CHOICES: {error}"
        raise UserError(message) from error
    return choices


def listens(port: int) -> bool:
    """Tell whether something accepts connections on a port of this machine."""
    try:
        socket.create_connection((LOCALHOST, port), timeout=1).close()
    except OSError:
        return False
    return True


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
