"""A topic that takes records of any form, and what can be asked of it."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.integration.event_source_mapping.mapping_process import Topic as ProducedTopic
from tests.servers import KafkaServer, wait_until

LARGEST_MESSAGE_BYTES = 20_000_000

Headers = Sequence[tuple[str, bytes | None]]


class Message(NamedTuple):
    """A message of a dead-letter topic."""

    key: bytes | None
    headers: Any
    document: Any


class Topic(ProducedTopic):
    """A topic that takes records of any form and size, and counts them."""

    def __init__(self, kafka: KafkaServer, partitions: int) -> None:
        super().__init__(kafka)
        self.produced = 0
        self.admin = AdminClient({"bootstrap.servers": self.servers})
        # Records of any age stay until a test has them expire.
        settings = {"max.message.bytes": str(LARGEST_MESSAGE_BYTES), "retention.ms": "-1"}
        new = NewTopic(self.name, partitions, 1, config=settings)
        self.admin.create_topics([new])[self.name].result()
        self.partitions = partitions
        self._producer = Producer(
            {
                "bootstrap.servers": self.servers,
                "linger.ms": 0,
                "enable.idempotence": True,
                "message.max.bytes": LARGEST_MESSAGE_BYTES,
                "log_level": 0,  # that the broker is gone, at the end
            }
        )

    def produce(self, count: int, *, first: int = 0, size: int = 100) -> None:
        super().produce(count, first=first, size=size)
        self.produced += count

    def send(
        self,
        *values: bytes | None,
        partition: int = 0,
        key: bytes | None = None,
        headers: Headers = (),
        timestamp_ms: int = 0,
    ) -> None:
        """Produce records; their timestamp is the present unless given."""
        for value in values:
            self._producer.produce(
                self.name, value, key, partition, timestamp=timestamp_ms, headers=list(headers)
            )
        assert self._producer.flush(30) == 0
        self.produced += len(values)

    def expire(self, before: int, partition: int = 0) -> None:
        """Remove the records below an offset, as retention does."""
        wanted = TopicPartition(self.name, partition, before)
        self.admin.delete_records([wanted])[wanted].result()

    def shares(self) -> list[int]:
        """Count the partitions of every member of the group."""
        group = self.admin.describe_consumer_groups([self.group])[self.group].result()
        return sorted(len(member.assignment.topic_partitions) for member in group.members)

    def messages(self, count: int) -> list[Message]:
        """Read `count` messages from the beginning; fail when there are more."""
        reader = Consumer(
            {
                "bootstrap.servers": self.servers,
                "group.id": f"reader-{uuid4()}",
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
            }
        )
        reader.assign([TopicPartition(self.name, 0, 0)])
        found: list[Message] = []

        def reached_the_end() -> bool:
            message = reader.poll(0.1)
            if message is None or message.error():
                return len(found) >= count
            document = json.loads(message.value() or b"")
            found.append(Message(message.key(), message.headers(), document))
            return False

        wait_until(reached_the_end, f"{count} messages", 10)
        reader.close()
        assert len(found) == count
        return found

    def identifier(self, offset: int, partition: int = 0) -> dict[str, Any]:
        """Name a record as a partial response does."""
        return {"itemIdentifier": {"partition": f"{self.name}-{partition}", "offset": offset}}
