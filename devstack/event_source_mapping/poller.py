"""The poller: a consumer, an invoker and a clock in, commits of what the function accepted out.

It is single-threaded and never waits but in the consumer's poll: a caller drives it step by step.
At most one batch of a partition is on its way, and no commit passes a record that is unresolved.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from devstack.event_source_mapping.backpressure import MAXIMUM_HELD_BYTES, Backpressure
from devstack.event_source_mapping.batcher import Batcher
from devstack.event_source_mapping.checkpoint import Checkpoint
from devstack.event_source_mapping.configuration import MappingConfiguration
from devstack.event_source_mapping.discard import MAXIMUM_PAYLOAD_SIZE_EXCEEDED, discard
from devstack.event_source_mapping.in_flight import InFlight
from devstack.event_source_mapping.ports import Clock, Completion, Consumer, Invoker
from devstack.event_source_mapping.records import (
    Batch,
    ConsumedRecord,
    Record,
    RecordsByPartition,
)
from devstack.event_source_mapping.response import Judge, Verdict
from devstack.event_source_mapping.retries import Retries, RetryDelays

IDLE_POLL_SECONDS = 0.1
BUSY_POLL_SECONDS = 0.002
"""How long to wait for records while completions may come in."""

_log = logging.getLogger(__name__)


class Poller:
    """One event poller of a mapping: `start`, then `step` for as long as it shall run."""

    def __init__(  # noqa: PLR0913 - what a simulation replaces, by name
        self,
        configuration: MappingConfiguration,
        *,
        consumer: Consumer,
        invoker: Invoker,
        clock: Clock,
        random: Random,
        retry_delays: RetryDelays,
        maximum_held_bytes: int = MAXIMUM_HELD_BYTES,
    ) -> None:
        self._format = configuration.event_format()
        self._name = configuration.name
        self._consumer = consumer
        self._invoker = invoker
        self._clock = clock
        self._random = random
        self._retry_delays = retry_delays
        self._judge = Judge(self._format, configuration.report_item_failures)
        self._batcher = Batcher(
            self._format, configuration.batch_size, configuration.window_seconds
        )
        self._retries = Retries()
        self._checkpoint = Checkpoint()
        self._backpressure = Backpressure(maximum_held_bytes)
        self._flights = InFlight()
        self._assigned: set[int] = set()
        self._stopping = False

    def start(self) -> None:
        """Join the consumer group."""
        self._consumer.subscribe(self)

    def step(self) -> None:
        """Do what is due, waiting for records at most `IDLE_POLL_SECONDS`."""
        self._receive(self._consumer.poll(self._patience_seconds()))
        for completion in self._invoker.completed():
            self._settle(completion)
        self._dispatch()
        self._commit()
        self._hold_back()

    def stop(self) -> None:
        """Send nothing more; further steps settle and commit what is on its way."""
        self._stopping = True
        self._consumer.pause(sorted(self._assigned))

    @property
    def in_flight(self) -> int:
        """Count the batches on their way."""
        return len(self._flights)

    @property
    def held_bytes(self) -> int:
        """Count the bytes of records not yet resolved."""
        return self._backpressure.held_bytes

    def assigned(self, partitions: Sequence[int]) -> None:
        """Take partitions over, from their committed offsets on."""
        self._assigned.update(partitions)
        self._backpressure.assign(partitions)
        _log.info("%s: assigned partitions %s", self._name, sorted(self._assigned))

    def revoked(self, partitions: Sequence[int]) -> None:
        """Hand partitions over: commit what is resolved, forget the rest."""
        self._commit()
        self._assigned.difference_update(partitions)
        self._retries.drop(partitions)
        self._backpressure.forget(partitions)
        self._flights.revoke(partitions)
        for partition in partitions:
            self._batcher.drop(partition)
            self._checkpoint.forget(partition)
        _log.info("%s: gave up partitions %s", self._name, sorted(partitions))

    def commit_failed(self, partitions: Sequence[int]) -> None:
        """Commit again later."""
        self._checkpoint.commit_failed(partitions, self._clock.monotonic())

    def _patience_seconds(self) -> float:
        if self._stopping:
            return BUSY_POLL_SECONDS
        longest = BUSY_POLL_SECONDS if self._flights else IDLE_POLL_SECONDS
        if self._flights.full:
            return longest
        due = (self._batcher.due_at(self._busy()), self._retries.due_at())
        now = self._clock.monotonic()
        return max(0.0, min(longest, *(at - now if at is not None else longest for at in due)))

    def _receive(self, consumed: Sequence[ConsumedRecord]) -> None:
        if self._stopping:
            return
        now = self._clock.monotonic()
        for raw in consumed:
            if raw.partition in self._assigned:
                self._accept(
                    Record(
                        raw.partition, raw.offset, raw.timestamp_ms, self._format.encode(raw), now
                    )
                )

    def _accept(self, record: Record) -> None:
        self._checkpoint.track(record.partition, record.offset)
        self._backpressure.hold(record.partition, len(record.encoded))
        if self._format.fits_alone(record):
            self._batcher.add(record)
            return
        key = self._format.partition_key(record.partition)
        discard(record, key, MAXIMUM_PAYLOAD_SIZE_EXCEEDED)
        self._resolve(record.partition, [record])

    def _settle(self, completion: Completion) -> None:
        batch, ours = self._flights.land(completion.batch.number)
        verdict = self._judge.verdict(batch, completion.outcome)
        retry = ours.with_records({p: r for p, r in verdict.retry.items() if p in ours.records})
        for partition, records in _difference(ours.records, retry.records):
            self._resolve(partition, records)
        if retry.records:
            self._retry(retry, verdict)

    def _retry(self, batch: Batch, verdict: Verdict) -> None:
        failed = replace(
            batch,
            attempts=batch.attempts + 1,
            function_errors=batch.function_errors + verdict.function_failed,
        )
        delay = self._retry_delays.after(failed.attempts, self._random)
        self._retries.put(failed, self._clock.monotonic() + delay)
        what = "function error" if verdict.function_failed else "not invoked"
        one_line = " ".join(verdict.reason.split())
        _log.warning(
            "%s: %s for %s, attempt %d, again in %.1f s: %s",
            *(self._name, what, failed, failed.attempts, delay, one_line),
        )

    def _resolve(self, partition: int, records: Sequence[Record]) -> None:
        self._checkpoint.resolve(partition, [record.offset for record in records])
        self._backpressure.hold(partition, -sum(len(record.encoded) for record in records))

    def _dispatch(self) -> None:
        now = self._clock.monotonic()
        while not (self._stopping or self._flights.full):
            batch = self._retries.take(now) or self._batcher.take(now, self._busy())
            if batch is None:
                return
            self._flights.depart(batch)
            self._invoker.submit(batch)

    def _busy(self) -> set[int]:
        return {*self._flights.partitions(), *self._retries.partitions()}

    def _commit(self) -> None:
        if offsets := self._checkpoint.take(self._clock.monotonic()):
            self._consumer.commit(offsets)

    def _hold_back(self) -> None:
        pause, resume = self._backpressure.changes()
        if pause:
            self._consumer.pause(pause)
        if resume and not self._stopping:
            self._consumer.resume(resume)


def _difference(
    records: RecordsByPartition, less: RecordsByPartition
) -> Iterator[tuple[int, list[Record]]]:
    for partition, some in records.items():
        left_out = {record.offset for record in less.get(partition, ())}
        yield partition, [record for record in some if record.offset not in left_out]
