"""Histories chosen by a seed: what must hold in every one of them, checked as it happens."""

from collections import defaultdict
from collections.abc import Mapping
from random import Random

import pytest

from devstack.event_source_mapping.definition.choices import Choices
from devstack.event_source_mapping.polling.given_up import GivenUp
from devstack.event_source_mapping.polling.outcome import Outcome
from devstack.event_source_mapping.polling.poller import Poller
from devstack.event_source_mapping.polling.records import Batch, ConsumedRecord
from tests.unit.event_source_mapping.fakes import (
    ACCEPTED,
    FAILED,
    THROTTLED,
    FakeClock,
    FakeConsumer,
    FakeReporter,
    ScriptedDestination,
    ScriptedInvoker,
    configuration,
    failing,
    offsets,
    record,
    seeded,
)

PARTITIONS = 4
RECORDS = 30
MAXIMUM_STEPS = 5000
MAXIMUM_HELD_BYTES = 8000
SENT, SKIPPED = b"x" * 100, b"skip" * 25
PATTERN = '{"value": [{"anything-but": {"prefix": "skip"}}]}'
SHARES = MAXIMUM_HELD_BYTES * sum(1 / n for n in range(1, PARTITIONS + 1))
"""A partition that was there before others came may still hold what its larger share let it."""


class Watchful(ScriptedInvoker):
    """A function that notes what it was sent since its poller began."""

    def __init__(self, accepted: set[tuple[int, int]]) -> None:
        super().__init__()
        self.accepted = accepted
        self.first_attempts: dict[int, list[int]] = defaultdict(list)

    def submit(self, batch: Batch) -> None:
        on_their_way = {p for other in self.in_flight for p in other.records}
        assert on_their_way.isdisjoint(batch.records), "two batches of a partition"
        assert len(self.in_flight) < 5
        for some in batch:
            if some.tries.attempts == 0:
                self.first_attempts[some.partition].append(some.offset)
        super().submit(batch)

    def accept_some(self, random: Random) -> None:
        position = random.randrange(len(self.in_flight))
        batch = self.in_flight[position]
        outcome = self._outcome(batch, random)
        listed = {
            (p, o) for p, o in offsets(batch) if f'"orders-{p}", "offset": {o}}}' in str(outcome)
        }
        if outcome not in (FAILED, THROTTLED):
            self.accepted.update(set(offsets(batch)) - listed)
        self.answer(outcome, position)

    @staticmethod
    def _outcome(batch: Batch, random: Random) -> Outcome:
        some = [place for place in offsets(batch) if random.random() < 0.3]
        partial = failing(*((f"orders-{p}", o) for p, o in some))
        outcomes: list[Outcome] = [ACCEPTED, FAILED, THROTTLED, partial]
        return random.choices(outcomes, [5, 1, 1, 3])[0]


class Watched(ScriptedDestination):
    """A destination that notes what arrived, or was lost on the way."""

    def __init__(self, given_up: set[tuple[int, int]], random: Random) -> None:
        super().__init__(at_once=False)
        self.given_up = given_up
        self._random = random

    def submit(self, given_up: GivenUp) -> None:
        super().submit(given_up)
        assert given_up.condition == "RetryAttemptsExhausted"

    def deliver_some(self) -> None:
        given_up = self.submitted.pop(self._random.randrange(len(self.submitted)))
        self.given_up.update(offsets(given_up.batch))
        self.deliver(given_up)


class History:
    def __init__(self, seed: int) -> None:
        self.random = seeded(seed)
        self.clock = FakeClock()
        self.consumer = FakeConsumer(self.clock, records_a_poll=self.random.choice([1, 7, 100]))
        self.accepted: set[tuple[int, int]] = set()
        self.given_up: set[tuple[int, int]] = set()
        self.retries = self.random.choice([None, 0, 2])
        self.bisects = self.random.choice([True, False])
        self.choices = Choices(
            merge_retries=self.random.random() < 0.2,
            hold_partition_while_retrying=self.random.random() < 0.8,
            filtered_records_fill_batches=self.random.random() < 0.3,
            commit_filtered_at_once=self.random.random() < 0.3,
        )
        self.consumer.on_commit = self._check_commit
        for partition in range(PARTITIONS):
            self.consumer.produce(*self._with_gaps(partition))
        self._begin()

    def _with_gaps(self, partition: int) -> list[ConsumedRecord]:
        numbers = sorted(self.random.sample(range(RECORDS * 2), RECORDS))
        values = [SKIPPED if self.random.random() < 0.2 else SENT for _ in numbers]
        return [record(partition, n, value) for n, value in zip(numbers, values, strict=True)]

    def _begin(self) -> None:
        """Start a poller, as after a kill: nothing is left but what was committed."""
        restarted = FakeConsumer(self.clock, self.consumer.records_a_poll)
        restarted.log, restarted.committed = self.consumer.log, self.consumer.committed
        restarted.on_commit = self.consumer.on_commit
        self.consumer, self.invoker = restarted, Watchful(self.accepted)
        self.destination = Watched(self.given_up, self.random)
        self.poller = Poller(
            configuration(
                batch_size=self.random.choice([1, 5, 100]),
                window_seconds=self.random.choice([0.0, 0.5]),
                maximum_retry_attempts=self.retries,
                bisect_on_function_error=self.bisects,
                patterns=(PATTERN,),
                choices=self.choices,
            ),
            consumer=self.consumer,
            invoker=self.invoker,
            clock=self.clock,
            random=self.random,
            reporter=FakeReporter(),
            destination=self.destination,
            maximum_held_bytes=MAXIMUM_HELD_BYTES,
        )
        self.poller.start()
        self.consumer.assign(*range(PARTITIONS))

    def run(self) -> None:
        for step in range(MAXIMUM_STEPS):
            self._happen(calm=step > 400)
            self.poller.step()
            one_poll = self.consumer.records_a_poll * 300
            assert self.poller.held_bytes <= SHARES + PARTITIONS * one_poll, "memory"
            if self.consumer.committed == self._ends():
                return
        pytest.fail(f"no end in {MAXIMUM_STEPS} steps: {self.consumer.committed}")

    def _happen(self, *, calm: bool) -> None:
        chance = self.random.random()
        if self.destination.submitted and chance < 0.3:
            self.destination.deliver_some()
        elif self.invoker.in_flight and chance < 0.5:
            self.invoker.accept_some(self.random)
        elif chance < 0.6:
            self.clock.now += self.random.random() * 3
        elif calm:
            missing = set(range(PARTITIONS)).difference(self.consumer.assigned)
            self.consumer.assign(*missing)
        elif chance < 0.61:
            self._check_order()
            self._begin()
        elif chance < 0.66:
            self._rebalance()

    def _rebalance(self) -> None:
        assigned = self.consumer.assigned
        gone = [p for p in assigned if self.random.random() < 0.5]
        self.consumer.revoke(*gone)
        for partition in gone:
            self.invoker.first_attempts.pop(partition, None)
        if self.random.random() < 0.7:
            missing = set(range(PARTITIONS)).difference(assigned)
            self.consumer.assign(*missing.union(gone))

    def _check_commit(self, committed: Mapping[int, int]) -> None:
        for partition, offset in committed.items():
            below = {
                (partition, r.offset) for r in self.consumer.log[partition] if r.offset < offset
            }
            done = self.accepted | self.given_up | self.skipped
            assert below <= done, f"the commit passes {below - done}"

    def _check_order(self) -> None:
        for sent in self.invoker.first_attempts.values():
            assert sent == sorted(set(sent)), "first attempts out of order"

    @property
    def skipped(self) -> set[tuple[int, int]]:
        log = self.consumer.log
        return {(p, r.offset) for p, records in log.items() for r in records if r.value == SKIPPED}

    def _ends(self) -> dict[int, int]:
        return {p: records[-1].offset + 1 for p, records in self.consumer.log.items()}


@pytest.mark.parametrize("seed", range(40))
def test_every_record_is_accepted_or_given_up_in_order_and_no_commit_comes_too_early(
    seed: int,
) -> None:
    history = History(seed)

    history.run()

    history._check_order()  # noqa: SLF001 - the last look at its own history
    everything = {(p, r.offset) for p, records in history.consumer.log.items() for r in records}
    assert history.accepted | history.given_up == everything - history.skipped
    assert history.retries is not None or not history.given_up
