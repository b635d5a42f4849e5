"""Reading: offsets of a topic in, the messages between them out, whatever is missing there.

Read by assignment: no group is joined, nothing is committed. What compaction, retention or aborted
transactions took away is passed over: a partition is through when a record at its end or beyond
comes, or the broker says that there is no more.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from confluent_kafka import (
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from devstack.errors import UserError
from devstack.event_source_mapping.clients.consumer import RECORDS_A_POLL, SETTINGS

PATIENCE_SECONDS = 30.0
"""How long a broker may say nothing while records are missing."""

_LOOK_UP_SECONDS = 5
_POLL_SECONDS = 0.5
_SETTINGS: Mapping[str, Any] = {
    **SETTINGS,
    "group.id": "devstack-replay",  # librdkafka asks for a name; the group is never joined
    "enable.partition.eof": True,
    "log_level": 0,
}

Offsets = Mapping[int, int]
"""Partition → offset."""


class Reader:
    """One topic, read for one purpose; use it in `opened`."""

    def __init__(self, consumer: Consumer, topic: str, servers: str) -> None:
        self._consumer = consumer
        self._topic = topic
        self._servers = servers
        self._fault = "it fell silent"

    def held(self) -> dict[int, tuple[int, int]]:
        """Return first and next offset of every partition; `UserError` for an unknown topic."""
        topics = self._consumer.list_topics(timeout=_LOOK_UP_SECONDS).topics
        if self._topic not in topics:
            known = ", ".join(sorted(name for name in topics if not name.startswith("__")))
            message = f"{self._servers} has no topic {self._topic}; it has {known or 'none'}"
            raise UserError(message)
        return {
            partition: self._consumer.get_watermark_offsets(
                TopicPartition(self._topic, partition), timeout=_LOOK_UP_SECONDS
            )
            for partition in sorted(topics[self._topic].partitions)
        }

    def first_since(self, timestamp_ms: int, partitions: Mapping[int, tuple[int, int]]) -> Offsets:
        """Return the first offset of each partition that is not older; its end when all are."""
        asked = [TopicPartition(self._topic, p, timestamp_ms) for p in partitions]
        found = self._consumer.offsets_for_times(asked, timeout=_LOOK_UP_SECONDS)
        if refused := next((p.error for p in found if p.error is not None), None):
            raise KafkaException(refused)
        return {
            p.partition: partitions[p.partition][1] if p.offset == OFFSET_END else p.offset
            for p in found
        }

    def messages(
        self, begin: Offsets, end: Offsets, held_back: Callable[[int, int], None]
    ) -> Iterator[Message]:
        """Yield what stands between the offsets.

        `held_back` is told partition and offset from which an open transaction hides the rest.
        Raises `UserError` when the broker falls silent.
        """
        left = dict(end)
        self._consumer.assign([TopicPartition(self._topic, p, begin[p]) for p in left])
        heard = time.monotonic()
        while left:
            first = self._consumer.poll(_POLL_SECONDS)
            if first is not None:
                for message in (first, *self._consumer.consume(RECORDS_A_POLL - 1, 0)):
                    if not self._is_fault(message):
                        yield from self._within(message, left, held_back)
                        # It stood still while an event was sent: that was no silence.
                        heard = time.monotonic()
            if time.monotonic() - heard > PATIENCE_SECONDS:
                reason = f"{self._fault} (the same command goes on when it is back)"
                raise away(self._servers, self._topic, reason)

    def _is_fault(self, message: Message) -> bool:
        """Tell what is no record, nor the end of a partition; most faults pass by themselves."""
        error = message.error()
        if error is None or error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - public, named so
            return False
        self._fault = error.str()
        if error.fatal():
            raise KafkaException(error)
        return True

    def _within(
        self, message: Message, left: dict[int, int], held_back: Callable[[int, int], None]
    ) -> Iterator[Message]:
        partition, offset = cast("int", message.partition()), cast("int", message.offset())
        end = left.get(partition, 0)  # 0: it is through; this was on its way
        if message.error() is not None:
            left.pop(partition, None)
            if offset < end:
                held_back(partition, offset)
            return
        if offset < end:
            yield message
        if 0 < end <= offset + 1:
            del left[partition]
            self._consumer.incremental_unassign([TopicPartition(self._topic, partition)])


@contextmanager
def opened(
    topic: str, servers: str, properties: Mapping[str, str], isolation: str = "read_committed"
) -> Iterator[Reader]:
    """Give a reader for the length of a `with` block; broker trouble comes as `UserError`.

    What it holds ends, by "read_committed", where the first open transaction begins.
    """
    own = {
        "bootstrap.servers": servers,
        "isolation.level": isolation,
        "error_cb": lambda _: None,
    }
    try:
        consumer = Consumer({**_SETTINGS, **properties, **own})
    except KafkaException as error:  # a property that librdkafka does not know
        raise away(servers, topic, error.args[0].str()) from error
    try:
        yield Reader(consumer, topic, servers)
    except KafkaException as error:
        raise away(servers, topic, error.args[0].str()) from error
    finally:
        consumer.close()


def away(servers: str, topic: str, reason: str) -> UserError:
    """Say in one line that a topic cannot be read."""
    return UserError(
        f"Kafka at {servers} does not give topic {topic}: {reason}; is it running, and"
        " --bootstrap-servers right?"
    )
