"""The stack: settings and addresses in, the components that make it up out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import pg8000.exceptions

from devstack import jetstream, kafka, migrate, postgres, template, valkey
from devstack.component import Component, NotReadyError
from devstack.errors import UserError
from devstack.event_source_mapping.definition.choices import Choices
from devstack.parts import Parts
from devstack.settings import ROOT, Addresses, Settings, Source

TEMPLATE = ROOT / "template.yaml"
FRONTEND = ROOT / "frontend"
TOOLS = ROOT / ".tools"

_FUNCTION_SETTINGS = {
    "CACHE_MAX_ENTRIES": "CacheMaxEntries",
    "CACHE_TTL_SECONDS": "CacheTtlSeconds",
    "LOG_LEVEL": "LogLevel",
    "STRICT_TOTALS": "StrictTotals",
}
"""Settings of a person that are parameters of the template."""


class Cloud(Protocol):
    """The AWS side of a stack: what has the functions, the page, and the door to both."""

    @property
    def invoke_url(self) -> str:
        """Where functions are invoked."""

    @property
    def aws_url(self) -> str:
        """Where S3 and its like are."""

    @property
    def physical(self) -> Mapping[str, str]:
        """What resources are called there by other names than the template's reader gives them."""

    @property
    def forgetful(self) -> tuple[str, ...]:
        """Components that call them differently after each start."""

    def components(self, needs: tuple[str, ...]) -> list[Component]:
        """Return its components, each after those it needs; `needs` are what functions use."""


@dataclass(frozen=True)
class Stack:
    """Everything that is decided before the first process starts."""

    settings: Settings
    addresses: Addresses
    say: Callable[[str], None]

    def components(self, cloud: Cloud) -> list[Component]:
        """Return the components, each after those it needs."""
        database = [self._postgres()] if self.settings.own_postgres else []
        cache = [self._valkey()] if self.settings.own_cache else []
        source = self._own_source()
        aws = cloud.components(_names([*database, *cache]))
        mapping = self._mapping(cloud, _names([*source, *aws]))
        return [*database, *cache, *source, *aws, mapping]

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Return the template's parameters for this stack."""
        settings, addresses = self.settings, self.addresses
        host, port = settings.db_proxy or (addresses.db_host, addresses.db_port)
        own = {
            "KafkaTopic": settings.topic,
            "KafkaBootstrapServers": self.source_address,
            "CacheUrl": addresses.cache_url,
            "DatabaseHost": host,
            "DatabasePort": str(port),
            "DatabaseUser": settings.db_user,
            "DatabasePassword": settings.db_password,
            "DatabaseName": settings.db_name,
            "ReservedConcurrency": "false",  # as many environments are too many for a laptop
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

    @cached_property
    def parts(self) -> Parts:
        """Return what makes components that keep what they know in the stack's folder."""
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
            environment=self.parts.environment,
            user=server.user,
            stop_signal=postgres.STOP_SIGNAL,
        )

    def migrate(self) -> None:
        """Bring the database to the newest schema; says which migrations it applied."""
        host, port = self.addresses.db_host, self.addresses.db_port
        for version in migrate.apply(self.settings, host, port):
            self.say(f"migration {version} applied")

    @property
    def source_address(self) -> str:
        """Return host:port of what orders come from."""
        return self.addresses.kafka_broker or jetstream.addresses(self.addresses.nats_url)

    def _own_source(self) -> list[Component]:
        if self.settings.own_nats:
            return [self._nats()]
        return [self._kafka()] if self.settings.own_kafka else []

    def _nats(self) -> Component:
        server = jetstream.Server(self.settings.home / "nats", _port(self.addresses.nats_url))
        return Component(
            name="nats",
            command=lambda: server.command,
            answers=server.answers,
            prepare=server.prepare,
            settle=self.ensure_stream,
            environment=self.parts.environment,
        )

    def ensure_stream(self) -> None:
        """Make the stream unless it is there."""
        settings = self.settings
        jetstream.ensure_stream(
            self.addresses.nats_url, settings.nats_stream, settings.nats_credentials
        )

    def _valkey(self) -> Component:
        server = valkey.Server(self.settings.home / "valkey", _port(self.addresses.cache_url))
        return Component(
            name="valkey",
            command=lambda: server.command,
            answers=server.answers,
            prepare=server.prepare,
            environment=self.parts.environment,
        )

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
            environment=self.parts.environment,
        )

    def ensure_topic(self) -> None:
        """Make the topic unless it is there."""
        kafka.ensure_topic(self.addresses.kafka_broker, self.settings.topic)

    def _mapping(self, cloud: Cloud, needs: tuple[str, ...]) -> Component:
        configuration = {
            "template": str(TEMPLATE),
            "parameters": self.parameters,
            "endpoint_url": cloud.invoke_url,
            "aws_endpoint_url": cloud.aws_url,
            "bootstrap_servers": self.source_address,
            "nats": self._nats_source(),
            "choices": _checked(self.settings.mapping_choices),
        }
        return self.parts.mapping(
            lambda: {**configuration, "physical": cloud.physical}, needs, cloud.forgetful
        )

    def _nats_source(self) -> Mapping[str, str | None] | None:
        """Return what the mapping reads instead of Kafka."""
        if self.settings.source is not Source.NATS:
            return None
        return {
            "url": self.addresses.nats_url,
            "stream": self.settings.nats_stream,
            "credentials": self.settings.nats_credentials,
        }


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


def _names(components: Iterable[Component]) -> tuple[str, ...]:
    return tuple(component.name for component in components)


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
    if stack.addresses.nats_url and not stack.settings.own_nats:
        stack.ensure_stream()
    if broker and not stack.settings.own_kafka:
        if not kafka.answers(broker):
            message = (
                f"KAFKA_BROKER={broker} does not answer; start it, or unset KAFKA_BROKER to let"
                " the stack run its own Kafka"
            )
            raise UserError(message)
        stack.ensure_topic()
    if not stack.settings.own_postgres:
        stack.migrate()
