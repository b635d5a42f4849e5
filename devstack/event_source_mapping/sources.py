"""The sources of a mapping: settings in, what reads its records and watches their number out.

A mapping is the same whatever it reads; this is all that tells Kafka and NATS apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from devstack import jetstream, nats_user
from devstack.errors import UserError
from devstack.event_source_mapping.clients.consumer import KafkaConsumer
from devstack.event_source_mapping.clients.nats.link import Link
from devstack.event_source_mapping.clients.nats.place import Place
from devstack.event_source_mapping.clients.nats_consumer import NatsConsumer
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.destinations.delivery import KAFKA
from devstack.event_source_mapping.polling.ports import Consumer, Redelivery, Reporter
from devstack.event_source_mapping.reporting.offsets import OffsetsWatcher
from devstack.event_source_mapping.reporting.stream_offsets import StreamOffsetsWatcher
from devstack.event_source_mapping.reporting.watcher import Watcher
from devstack.event_source_mapping.settings import Settings


class SourceConsumer(Consumer, Protocol):
    """A consumer, with what its thread needs of it."""

    @property
    def settled(self) -> bool:
        """Tell whether partitions were assigned, or the topic is known not to be there yet."""

    @property
    def commits_on_their_way(self) -> int:
        """Count the commits that were not answered."""

    def close(self) -> None:
        """Leave the group."""


class Reader(NamedTuple):
    """What reads for one poller."""

    consumer: SourceConsumer
    redelivery: Redelivery | None


class Source(Protocol):
    """Kafka, or what stands in its place."""

    @property
    def servers(self) -> str | None:
        """Return the addresses that replace the template's; None for its own."""

    @property
    def client_properties(self) -> Mapping[str, Any]:
        """Return how its clients sign in, by librdkafka's names."""

    def applied(self, configuration: MappingConfiguration) -> MappingConfiguration:
        """Return a mapping as it reads from here."""

    def reader(
        self, configuration: MappingConfiguration, member: str, reporter: Reporter
    ) -> Reader:
        """Return what reads for one more poller."""

    def watcher(self, configuration: MappingConfiguration) -> Watcher:
        """Return what watches; it is not started."""


@dataclass(frozen=True)
class KafkaSource:
    """Each mapping's topic."""

    servers: str | None
    client_properties: Mapping[str, Any]

    def applied(self, configuration: MappingConfiguration) -> MappingConfiguration:
        """Return a mapping as it is."""
        return configuration

    def reader(
        self, configuration: MappingConfiguration, member: str, reporter: Reporter
    ) -> Reader:
        """Return a member of the consumer group."""
        return Reader(KafkaConsumer(configuration, member, reporter, self.client_properties), None)

    def watcher(self, configuration: MappingConfiguration) -> Watcher:
        """Return what asks the brokers."""
        return OffsetsWatcher(configuration, self.client_properties)


@dataclass(frozen=True)
class NatsSource:
    """One stream of a NATS server, in the place of every mapping's topic."""

    place: Place

    @property
    def servers(self) -> str:
        """Return the server's address, without what signs in to it."""
        return jetstream.addresses(self.place.url)

    @property
    def client_properties(self) -> Mapping[str, Any]:
        """Return how the connection is kept from others."""
        return {"security.protocol": "SSL"} if self.place.url.startswith("tls:") else {}

    def applied(self, configuration: MappingConfiguration) -> MappingConfiguration:
        """Return a mapping that reads the stream; raises `UserError` when it cannot."""
        destination = configuration.destination or ""
        if destination.startswith(KAFKA):
            message = (
                f"{configuration.name}: {destination} is a topic of the source, which is NATS;"
                " give a queue, a topic of SNS or a bucket as OnFailure destination"
            )
            raise UserError(message)
        if self.place.credentials:
            nats_user.options(self.place.credentials)  # refused now, not when a poller ends of it
        return replace(
            configuration,
            topic=jetstream.topic_of(self.place.stream),
            bootstrap_servers=self.servers,
            event_source_arn=None,
        )

    def reader(
        self, configuration: MappingConfiguration, member: str, reporter: Reporter
    ) -> Reader:
        """Return a reader of the durable consumer that is named after the group."""
        link = Link(self.place, configuration, member)
        consumer = NatsConsumer(
            configuration, member, reporter=reporter, stream=self.place.stream, link=link
        )
        return Reader(consumer, consumer)

    def watcher(self, configuration: MappingConfiguration) -> Watcher:
        """Return what asks the server."""
        return StreamOffsetsWatcher(configuration, self.place)


def source_of(settings: Settings) -> Source:
    """Return what the mappings of a process read."""
    if settings.nats is not None:
        return NatsSource(settings.nats)
    return KafkaSource(settings.bootstrap_servers, settings.kafka_properties)
