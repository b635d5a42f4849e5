"""The poller: a consumer, an invoker and a clock in, commits of what the function accepted out.

It is single-threaded and never waits but in the consumer's poll: a caller drives it step by step.
At most one batch of a partition is on its way, and no commit passes a record that is unresolved.
"""

import logging
from collections.abc import Mapping, Sequence
from random import Random

from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.polling.backpressure import MAXIMUM_HELD_BYTES
from devstack.event_source_mapping.polling.batcher import Batcher
from devstack.event_source_mapping.polling.checkpoint import Progress
from devstack.event_source_mapping.polling.custody import Custody
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.in_flight import InFlight
from devstack.event_source_mapping.polling.intake import Intake
from devstack.event_source_mapping.polling.metrics import Metric
from devstack.event_source_mapping.polling.ports import (
    Clock,
    Consumer,
    Destination,
    Invoker,
    Redelivery,
    Reporter,
)
from devstack.event_source_mapping.polling.record_age import AgeLimit
from devstack.event_source_mapping.polling.records import Batch
from devstack.event_source_mapping.polling.retries import Retries
from devstack.event_source_mapping.polling.settlement import Settlement

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
        reporter: Reporter,
        destination: Destination | None = None,
        redelivery: Redelivery | None = None,
        maximum_held_bytes: int = MAXIMUM_HELD_BYTES,
    ) -> None:
        choices = configuration.choices
        self._name = configuration.name
        self._consumer = consumer
        self._invoker = invoker
        self._clock = clock
        self._reporter = reporter
        self._hold_partitions = choices.hold_partition_while_retrying
        # Halves of a batch must stay apart, or the one that fails would never be found.
        self._merges = choices.merge_retries and not configuration.bisect_on_function_error
        self._age_limit = AgeLimit(configuration, clock)
        self._age_condition = choices.age_condition
        self._batcher = Batcher(
            EventFormat.of(configuration), configuration.batch_size, configuration.window_seconds
        )
        self._retries = Retries()
        self._flights = InFlight()
        self._custody = Custody(
            maximum_held_bytes, commit_filtered_at_once=choices.commit_filtered_at_once
        )
        self._settlement = Settlement(
            configuration,
            custody=self._custody,
            retries=self._retries,
            destination=destination,
            redelivery=redelivery,
            reporter=reporter,
            clock=clock,
            random=random,
        )
        self._intake = Intake(
            configuration,
            custody=self._custody,
            batcher=self._batcher,
            settlement=self._settlement,
            reporter=reporter,
        )
        self._stopping = False
        self.saturated = False
        """Records wait, and none of them can be sent before something comes back."""

    def start(self) -> None:
        """Join the consumer group."""
        self._consumer.subscribe(self)

    def step(self) -> None:
        """Do what is due, waiting for records at most `IDLE_POLL_SECONDS`."""
        consumed = self._consumer.poll(self._patience_seconds())
        if not self._stopping:
            self._intake.receive(consumed, self._clock.monotonic())
        for batch, outcome in self._invoker.completed():
            self._settlement.settle(self._flights.land(batch.number), outcome)
        self._settlement.collect()
        self._dispatch()
        self._commit()
        self._hold_back()

    def stop(self) -> None:
        """Send nothing more; further steps settle and commit what is on its way."""
        self._stopping = True
        self._consumer.pause(sorted(self._custody.partitions))

    @property
    def in_flight(self) -> int:
        """Count the batches and the deliveries on their way."""
        return len(self._flights) + len(self._settlement.deliveries)

    @property
    def held_bytes(self) -> int:
        """Count the bytes of records not yet resolved."""
        return self._custody.held_bytes

    def progress(self) -> Mapping[int, Progress]:
        """Tell how far each partition is; callable from other threads."""
        return self._custody.progress()

    def expire(self, oldest: Mapping[int, int]) -> None:
        """Retry no more what the topic does not keep: offsets below the oldest, by partition.

        Not counted as dropped. https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
        """
        for partition, records in self._retries.expire(oldest).items():
            self._custody.resolve({partition: records})
            offsets = f"{records[0].offset}…{records[-1].offset}"
            _log.warning("%s: expired before success: %d[%s]", self._name, partition, offsets)

    def assigned(self, partitions: Sequence[int]) -> None:
        """Take partitions over, from their committed offsets on."""
        self._custody.assign(partitions)
        self._tell_partitions("assigned", partitions)

    def revoked(self, partitions: Sequence[int]) -> None:
        """Hand partitions over: commit what is resolved, forget the rest."""
        self._commit()
        self._custody.forget(partitions)
        self._retries.drop(partitions)
        self._flights.revoke(partitions)
        self._settlement.deliveries.revoke(partitions)
        for partition in partitions:
            self._batcher.drop(partition)
        self._tell_partitions("gave up", partitions)

    def committed(self, offsets: Mapping[int, int]) -> None:
        """Count what the group holds now."""
        self._reporter.count(Metric.COMMITTED, self._custody.committed(offsets))

    def commit_failed(self, partitions: Sequence[int]) -> None:
        """Commit again later."""
        self._reporter.count(Metric.COMMIT_ERROR)
        self._custody.commit_failed(partitions, self._clock.monotonic())

    def _tell_partitions(self, what: str, partitions: Sequence[int]) -> None:
        _log.info("%s: %s partitions %s", self._name, what, sorted(partitions))
        self._reporter.assigned(self._consumer.member, sorted(self._custody.partitions))

    def _patience_seconds(self) -> float:
        if self._stopping:
            return BUSY_POLL_SECONDS
        longest = BUSY_POLL_SECONDS if self.in_flight else IDLE_POLL_SECONDS
        if self._flights.full:
            return longest
        due = (self._batcher.due_at(self._busy()), self._retries.due_at(self._flying()))
        now = self._clock.monotonic()
        return max(0.0, min(longest, *(at - now if at is not None else longest for at in due)))

    def _dispatch(self) -> None:
        now = self._clock.monotonic()
        while not (self._stopping or self._flights.full):
            batch = self._next(now)
            if batch is None:
                break
            self._send(self._intake.without_filtered(batch))
        waiting = self._batcher.waiting()
        stuck = bool(waiting) and (self._flights.full or waiting <= self._busy())
        # A function that is throttled gets no more pollers. …/dg/kafka-scaling-modes.html
        self.saturated = stuck and not self._settlement.unreached

    def _next(self, now: float) -> Batch | None:
        retry = self._retries.take(now, self._flying())
        if retry is not None and self._merges:
            self._batcher.put_back(retry)
            retry = None
        return retry or self._batcher.take(now, self._busy())

    def _send(self, batch: Batch) -> None:
        young, old = self._age_limit.sort(batch)
        if old:
            self._settlement.give_up(old, self._age_condition)
        if young:
            self._flights.depart(young)
            self._invoker.submit(young)

    def _flying(self) -> set[int]:
        return set(self._flights.partitions())

    def _busy(self) -> set[int]:
        if not self._hold_partitions:
            return self._flying()
        return {*self._flights.partitions(), *self._retries.partitions()}

    def _commit(self) -> None:
        if offsets := self._custody.commits(self._clock.monotonic()):
            self._consumer.commit(offsets)

    def _hold_back(self) -> None:
        pause, resume = self._custody.changes()
        if pause:
            self._consumer.pause(pause)
        if resume and not self._stopping:
            self._consumer.resume(resume)
