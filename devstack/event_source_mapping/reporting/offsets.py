"""The watcher of a topic: brokers in, where partitions end and where the group goes on out."""

from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import OffsetSpec as UntypedOffsetSpec  # type: ignore[attr-defined] # it is public

from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    StartingPosition,
)
from devstack.event_source_mapping.reporting.lag import Offsets
from devstack.event_source_mapping.reporting.watcher import Watcher

REQUEST_SECONDS = 5.0

OffsetSpec: Any = UntypedOffsetSpec


class OffsetsWatcher(Watcher):
    """The offsets of one mapping's topic."""

    faults = (KafkaException,)

    def __init__(
        self, configuration: MappingConfiguration, kafka_properties: Mapping[str, Any]
    ) -> None:
        super().__init__(configuration.topic)
        self._configuration = configuration
        settings: dict[str, Any] = {
            **kafka_properties,
            "bootstrap.servers": configuration.bootstrap_servers,
            "client.id": f"{configuration.name}-offsets",
            "log_level": 0,  # the consumers tell the same
            "error_cb": lambda _: None,
        }
        self._admin = AdminClient(settings)
        # Not the admin client's list_consumer_group_offsets: librdkafka ends the process in it when
        # the coordinator has moved or is not there yet. confluentinc/librdkafka#5040
        self._group = Consumer({**settings, "group.id": configuration.consumer_group})

    def close(self) -> None:
        """Leave the brokers."""
        self._group.close()

    def look(self) -> Mapping[int, Offsets]:
        """Ask once."""
        partitions = self._partitions()
        if not partitions:
            return {}
        committed = self._committed(partitions)
        fresh = [p for p in partitions if p not in committed]
        ends = self._list(partitions, OffsetSpec.latest())
        oldest = self._list(partitions, OffsetSpec.earliest())
        begins = self._begins(fresh, oldest, ends)
        return {
            p: Offsets(ends[p], committed.get(p, begins.get(p, 0)), committed.get(p), oldest[p])
            for p in partitions
        }

    def _partitions(self) -> list[int]:
        topic = self._configuration.topic
        asked = self._admin.describe_topics(
            TopicCollection([topic]), request_timeout=REQUEST_SECONDS
        )
        try:
            return sorted(partition.id for partition in asked[topic].result().partitions)
        except KafkaException as error:
            if error.args[0].name() == "UNKNOWN_TOPIC_OR_PART":
                return []
            raise

    def _committed(self, partitions: Iterable[int]) -> dict[int, int]:
        found = self._group.committed(list(map(self._named, partitions)), REQUEST_SECONDS)
        return {place.partition: place.offset for place in found if place.offset >= 0}

    def _begins(
        self, fresh: list[int], oldest: Mapping[int, int], ends: Mapping[int, int]
    ) -> Mapping[int, int]:
        """Find where the group will begin in partitions it has committed nothing of."""
        position = self._configuration.starting_position
        if position is StartingPosition.LATEST or not fresh:
            return ends
        if position is StartingPosition.TRIM_HORIZON:
            return oldest
        since_ms = int((self._configuration.starting_timestamp_seconds or 0) * 1000)
        found = self._list(fresh, OffsetSpec.for_timestamp(since_ms))
        return {p: ends[p] if offset < 0 else offset for p, offset in found.items()}

    def _list(self, partitions: Iterable[int], which: Any) -> dict[int, int]:  # noqa: ANN401 - an OffsetSpec
        asked = {self._named(partition): which for partition in partitions}
        found = self._admin.list_offsets(asked, request_timeout=REQUEST_SECONDS)
        return {place.partition: future.result().offset for place, future in found.items()}

    def _named(self, partition: int) -> TopicPartition:
        return TopicPartition(self._configuration.topic, partition)
