"""The consumer: a member of a consumer group over confluent-kafka, records out, commits in.

Offsets are committed by hand only. Rebalances are cooperative (KIP-429): what stays is not touched
when a second process joins or leaves, so batches on their way are not sent twice.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from confluent_kafka import (
    OFFSET_END,
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from devstack.event_source_mapping.clients.refused import SourceRefusedError
from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    StartingPosition,
)
from devstack.event_source_mapping.polling.metrics import Metric
from devstack.event_source_mapping.polling.ports import Assignee, Reporter
from devstack.event_source_mapping.polling.records import ConsumedRecord
from devstack.waiting import until

RECORDS_A_POLL = 1000
LOOK_UP_SECONDS = 5.0
LEAVE_SECONDS = 10.0
"""A rebalance lasts a member's session at the longest; librdkafka may hang when closed before."""
LEAVE_POLL_SECONDS = 0.02

SETTINGS: Mapping[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "isolation.level": "read_committed",
    "partition.assignment.strategy": "cooperative-sticky",
    # The least a broker allows by default: a member that vanished for good is missed soon.
    "session.timeout.ms": 6000,
    "heartbeat.interval.ms": 1500,
    # For offsets that retention has removed: go on with what is left, never skip to the end.
    "auto.offset.reset": "earliest",
    "allow.auto.create.topics": False,
    # How soon a topic that appears, or a partition that is added, is seen.
    "topic.metadata.refresh.interval.ms": 2000,
    "fetch.wait.max.ms": 100,
    # Prefetched, beside what the poller holds; a single larger message still comes.
    "queued.max.messages.kbytes": 16 * 1024,
    "fetch.max.bytes": 16 * 1024 * 1024,
    # When the prefetch is full: how soon to look again (the default of 1 s is a stall).
    "fetch.queue.backoff.ms": 10,
    "socket.nagle.disable": True,
    "log_level": 2,  # what goes wrong comes as an error too
    "reconnect.backoff.max.ms": 1000,
}

_REFUSALS: Mapping[str, frozenset[int]] = {
    "EVENT_SOURCE_AUTHN_ERROR": frozenset(
        {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED}  # noqa: SLF001 - public, named so
    ),
    "EVENT_SOURCE_AUTHZ_ERROR": frozenset(
        {
            KafkaError.TOPIC_AUTHORIZATION_FAILED,
            KafkaError.GROUP_AUTHORIZATION_FAILED,
            KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        }
    ),
}
"""Why AWS stops a mapping. https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-troubleshoot.html"""

_NOT_THERE = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})  # noqa: SLF001 - public, named so

_log = logging.getLogger(__name__)


class KafkaConsumer:
    """The consumer of one poller; `member` makes it a static member of the group.

    `kafka_properties` are librdkafka's, for brokers that ask for more than an address.
    """

    def __init__(
        self,
        configuration: MappingConfiguration,
        member: str,
        reporter: Reporter,
        kafka_properties: Mapping[str, str] | None = None,
    ) -> None:
        self.member = member
        self._configuration = configuration
        self._reporter = reporter
        self._topic = configuration.topic
        self._consumer = Consumer(
            {
                **SETTINGS,
                **(kafka_properties or {}),
                "bootstrap.servers": configuration.bootstrap_servers,
                "group.id": configuration.consumer_group,
                "group.instance.id": member,
                "client.id": member,
                "on_commit": self._on_commit,
                "error_cb": self._on_error,
            },
            logger=_log,
        )
        self._assignee: Assignee | None = None
        self._commits_on_their_way = 0
        self._told: set[str] = set()
        """Faults since the last record."""
        self._refusal: SourceRefusedError | None = None
        self.settled = False
        """Partitions were assigned, or the topic is known not to be there yet."""

    def subscribe(self, assignee: Assignee) -> None:
        """Join the group; `assignee` is told, within `poll`, what comes and goes."""
        self._assignee = assignee
        self._consumer.subscribe(
            [self._topic],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_revoke,
        )

    def poll(self, timeout_seconds: float) -> list[ConsumedRecord]:
        """Return what is there; wait only while nothing is.

        Raises `KafkaException` when the member cannot go on (fenced), `SourceRefusedError` when the
        brokers do not know or do not admit it.
        """
        first = self._consumer.poll(timeout_seconds)
        if self._refusal is not None:
            raise self._refusal
        if first is None:
            return []
        self._told.clear()
        rest = self._consumer.consume(RECORDS_A_POLL - 1, 0)
        records = []
        for message in (first, *rest):
            error = message.error()
            if error is None:
                records.append(consumed_record(message))
            else:
                self._heed(error)
        return records

    def pause(self, partitions: Sequence[int]) -> None:
        """Fetch nothing more of `partitions` for now."""
        self._consumer.pause(self._named(partitions))

    def resume(self, partitions: Sequence[int]) -> None:
        """Fetch `partitions` again, from where they were left."""
        self._consumer.resume(self._named(partitions))

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Send a commit: partition → next offset to read. A failure is told to the assignee."""
        self._commits_on_their_way += 1
        self._consumer.commit(
            offsets=[TopicPartition(self._topic, p, offset) for p, offset in offsets.items()],
            asynchronous=True,
        )

    @property
    def commits_on_their_way(self) -> int:
        """Count the commits the broker has not answered."""
        return self._commits_on_their_way

    def close(self) -> None:
        """Leave the group. Unsubscribing first makes a static member say so (KIP-345).

        Amid a rebalance it can only say so when that is through, and closing would silence it: the
        others would wait for its session to end. The id is taken back as soon as it is said.
        """
        self._consumer.unsubscribe()
        until(self._has_left, LEAVE_SECONDS, pause_seconds=0)
        self._consumer.close()

    def _has_left(self) -> bool:
        self._consumer.poll(LEAVE_POLL_SECONDS)
        return not self._consumer.memberid()

    def _on_assign(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        assert self._assignee is not None  # noqa: S101 - callbacks come after subscribe
        starts = self._starts(partitions)
        self._consumer.incremental_assign([starts.get(p.partition, p) for p in partitions])
        if starts:
            # Fixed at once: a restart before the first success must not begin somewhere else.
            self.commit({p: start.offset for p, start in starts.items() if start.offset >= 0})
        self.settled = True
        self._assignee.assigned([p.partition for p in partitions])

    def _on_revoke(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        assert self._assignee is not None  # noqa: S101 - callbacks come after subscribe
        self._assignee.revoked([p.partition for p in partitions])

    def _starts(self, partitions: list[TopicPartition]) -> dict[int, TopicPartition]:
        """Find where partitions begin that the group has committed nothing of."""
        position = self._configuration.starting_position
        if position is StartingPosition.TRIM_HORIZON or not partitions:
            return {}  # auto.offset.reset does it
        committed = self._consumer.committed(partitions, timeout=LOOK_UP_SECONDS)
        fresh = [p.partition for p in committed if p.offset < 0]
        if position is StartingPosition.AT_TIMESTAMP:
            timestamp_ms = int((self._configuration.starting_timestamp_seconds or 0) * 1000)
            wanted = [TopicPartition(self._topic, p, timestamp_ms) for p in fresh]
            found = self._consumer.offsets_for_times(wanted, timeout=LOOK_UP_SECONDS)
            ends = {p.partition for p in found if p.offset == OFFSET_END}
            starts = {p.partition: p for p in found if p.partition not in ends}
            return {**starts, **self._ends(ends)}
        return self._ends(fresh)

    def _ends(self, partitions: Iterable[int]) -> dict[int, TopicPartition]:
        ends = {}
        for partition in partitions:
            _, end = self._consumer.get_watermark_offsets(
                TopicPartition(self._topic, partition), timeout=LOOK_UP_SECONDS
            )
            ends[partition] = TopicPartition(self._topic, partition, end)
        return ends

    def _on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        self._commits_on_their_way -= 1
        if self._assignee is None:
            return
        failed = [p.partition for p in partitions if error is not None or p.error is not None]
        if failed:
            fault = error or next(p.error for p in partitions if p.error is not None)
            self._note(fault.name(), f"commit of partitions {failed}: {fault}")
            self._assignee.commit_failed(failed)
        done = {p.partition: p.offset for p in partitions if p.partition not in failed}
        if done:
            self._assignee.committed(done)

    def _on_error(self, error: KafkaError) -> None:
        self._refuse(error)
        self._reporter.count(Metric.POLLING_ERROR)
        self._note(error.name(), error.str())

    def _heed(self, error: KafkaError) -> None:
        # The flag is not always set: a commit that is told it is fenced makes an error without it.
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - public, named so
            raise KafkaException(error)
        self._refuse(error)
        if self._refusal is not None:
            raise self._refusal
        if error.code() in _NOT_THERE:
            self.settled = True
        self._reporter.count(Metric.POLLING_ERROR)
        self._note(error.name(), error.str())

    def _refuse(self, error: KafkaError) -> None:
        for reason, codes in _REFUSALS.items():
            if error.code() in codes:
                self._refusal = SourceRefusedError(reason, error.str())

    def _note(self, code: str, fault: str) -> None:
        # librdkafka repeats itself for as long as a fault lasts.
        if code not in self._told:
            self._reporter.warn(code, fault)
        self._told.add(code)

    def _named(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in partitions]


def consumed_record(message: Message) -> ConsumedRecord:
    """Return what a message holds, in the mapping's words."""
    kind, timestamp_ms = message.timestamp()
    return ConsumedRecord(
        cast("int", message.partition()),
        cast("int", message.offset()),
        timestamp_ms,
        "LOG_APPEND_TIME" if kind == TIMESTAMP_LOG_APPEND_TIME else "CREATE_TIME",
        message.key(),
        message.value(),
        cast("list[tuple[str, bytes | None]]", message.headers() or ()),
    )
