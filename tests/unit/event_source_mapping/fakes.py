"""A broker, a function and a clock that do as they are told."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

from devstack.event_source_mapping.definition.choices import Choices
from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    StartingPosition,
)
from devstack.event_source_mapping.polling.given_up import GivenUp
from devstack.event_source_mapping.polling.metrics import Metric, Metrics
from devstack.event_source_mapping.polling.outcome import Answer, Outcome, Unreached
from devstack.event_source_mapping.polling.poller import Poller
from devstack.event_source_mapping.polling.ports import Assignee, Completion, Delivery
from devstack.event_source_mapping.polling.records import Batch, ConsumedRecord

ACCEPTED = Answer(b'{"batchItemFailures": []}', None)
FAILED = Answer(b'{"errorMessage": "no", "errorType": "ValueError"}', "Unhandled")
THROTTLED = Unreached("TooManyRequestsException: slow down")
PRODUCED_AT_MS = 1735689600000


def configuration(**changes: object) -> MappingConfiguration:
    settings: dict[str, object] = {
        "name": "OrdersTopicMapping",
        "function_name": "IngestOrdersFunction",
        "topic": "orders",
        "bootstrap_servers": "127.0.0.1:9092",
        "consumer_group": "group",
        "starting_position": StartingPosition.TRIM_HORIZON,
        "window_seconds": 0.0,
        "report_item_failures": True,
        **changes,
    }
    return MappingConfiguration(**settings)  # type: ignore[arg-type] # any of its fields


def record(partition: int, offset: int, value: bytes | None = b"value") -> ConsumedRecord:
    return ConsumedRecord(partition, offset, PRODUCED_AT_MS, "CREATE_TIME", b"key", value, ())


def failing(*identifiers: tuple[str, object]) -> Answer:
    failures = [{"itemIdentifier": {"partition": p, "offset": o}} for p, o in identifiers]
    return Answer(json.dumps({"batchItemFailures": failures}).encode(), None)


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - chance that can be repeated, not a secret


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        """Tell the time since the epoch; it begins when the records were produced."""
        return PRODUCED_AT_MS / 1000 + self.now


class FakeConsumer:
    """A topic and a group; time passes only while a poll finds nothing."""

    member = "member"

    def __init__(self, clock: FakeClock, records_a_poll: int = 1000) -> None:
        self.records_a_poll = records_a_poll
        self.log: dict[int, list[ConsumedRecord]] = {}
        self.committed: dict[int, int] = {}
        self.paused: set[int] = set()
        self.waited: list[float] = []
        self.on_commit: Callable[[Mapping[int, int]], None] = lambda _: None
        self.assignee: Assignee | None = None
        self._clock = clock
        self._positions: dict[int, int] = {}
        self._news: list[Callable[[], None]] = []

    def produce(self, *records: ConsumedRecord) -> None:
        for some in records:
            self.log.setdefault(some.partition, []).append(some)

    def assign(self, *partitions: int) -> None:
        self._news.append(lambda: self._assign(partitions))

    def revoke(self, *partitions: int) -> None:
        self._news.append(lambda: self._revoke(partitions))

    def lose_commits(self, *partitions: int) -> None:
        self._news.append(lambda: self._listener.commit_failed(partitions))

    def subscribe(self, assignee: Assignee) -> None:
        self.assignee = assignee

    def poll(self, timeout_seconds: float) -> Sequence[ConsumedRecord]:
        self.waited.append(timeout_seconds)
        news, self._news = self._news, []
        for event in news:
            event()
        found = self._take()
        if not found:
            self._clock.now += timeout_seconds
        return found

    def pause(self, partitions: Iterable[int]) -> None:
        self.paused.update(partitions)

    def resume(self, partitions: Iterable[int]) -> None:
        self.paused.difference_update(partitions)

    def commit(self, offsets: Mapping[int, int]) -> None:
        self.on_commit(offsets)
        self.committed.update(offsets)
        self._listener.committed(offsets)

    @property
    def assigned(self) -> list[int]:
        return sorted(self._positions)

    @property
    def _listener(self) -> Assignee:
        assert self.assignee is not None
        return self.assignee

    def _assign(self, partitions: Sequence[int]) -> None:
        self._positions.update({p: self.committed.get(p, 0) for p in partitions})
        self.paused.difference_update(partitions)
        self._listener.assigned(partitions)

    def _revoke(self, partitions: Sequence[int]) -> None:
        self._listener.revoked(partitions)
        for partition in partitions:
            del self._positions[partition]

    def _take(self) -> list[ConsumedRecord]:
        taken: list[ConsumedRecord] = []
        for partition, position in self._positions.items():
            if partition not in self.paused:
                rest = [r for r in self.log.get(partition, ()) if r.offset >= position]
                taken += rest[: self.records_a_poll - len(taken)]
        for some in taken:
            self._positions[some.partition] = some.offset + 1
        return taken


class ScriptedInvoker:
    """Batches stay in flight until `answer` lets one come back."""

    def __init__(self) -> None:
        self.submitted: list[Batch] = []
        self.in_flight: list[Batch] = []
        self._completions: list[Completion] = []

    def submit(self, batch: Batch) -> None:
        self.submitted.append(batch)
        self.in_flight.append(batch)

    def answer(self, outcome: Outcome, position: int = 0) -> None:
        self._completions.append(Completion(self.in_flight.pop(position), outcome))

    def completed(self) -> list[Completion]:
        completions, self._completions = self._completions, []
        return completions


class ScriptedDestination:
    """Takes what is given up; deliveries stay on their way until `deliver` lets them arrive."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.submitted: list[GivenUp] = []
        self.fault: str | None = None
        self._at_once = at_once
        self._deliveries: list[Delivery] = []

    def submit(self, given_up: GivenUp) -> None:
        self.submitted.append(given_up)
        if self._at_once:
            self.deliver(given_up)

    def deliver(self, given_up: GivenUp) -> None:
        self._deliveries.append(Delivery(given_up, self.fault))

    def completed(self) -> list[Delivery]:
        deliveries, self._deliveries = self._deliveries, []
        return deliveries

    def received(self) -> list[tuple[str, list[tuple[int, int]]]]:
        """Name condition, partitions and offsets of everything that was given up."""
        return [(given_up.condition, offsets(given_up.batch)) for given_up in self.submitted]


class FakeRedelivery:
    """Keeps what it was told, by partition and offset."""

    def __init__(self) -> None:
        self.retries: list[tuple[list[tuple[int, int]], float]] = []
        self.given_up: list[object] = []

    def retrying(self, batch: Batch, delay_seconds: float) -> None:
        self.retries.append((offsets(batch), delay_seconds))

    def gave_up(self, batch: Batch) -> None:
        self.given_up.append(offsets(batch))


class FakeReporter:
    """Counts, and keeps what was said."""

    def __init__(self) -> None:
        self._metrics = Metrics()
        self.result = ""
        self.warnings: list[tuple[str, str]] = []
        self.partitions: Sequence[int] = ()

    def count(self, metric: Metric, number: int = 1) -> None:
        self._metrics.count(metric, number)

    def processed(self, result: str) -> None:
        self.result = result

    def warn(self, code: str, message: str) -> None:
        self.warnings.append((code, message))

    def assigned(self, member: str, partitions: Sequence[int]) -> None:  # noqa: ARG002 - the port's
        self.partitions = partitions

    def counted(self) -> dict[str, int]:
        """Return every metric that is not zero, by AWS's name."""
        return {name: number for name, number in self._metrics.totals().items() if number}


class FakeMapping:
    """A poller amid its fakes; `changes` are fields of its configuration."""

    def __init__(
        self,
        *partitions: int,
        choices: Choices | None = None,
        maximum_held_bytes: int = 2**26,
        destination: ScriptedDestination | None = None,
        redelivery: FakeRedelivery | None = None,
        **changes: object,
    ) -> None:
        self.clock = FakeClock()
        self.consumer = FakeConsumer(self.clock)
        self.invoker = ScriptedInvoker()
        self.reporter = FakeReporter()
        self.poller = Poller(
            configuration(choices=choices or Choices(), **changes),
            consumer=self.consumer,
            invoker=self.invoker,
            clock=self.clock,
            random=seeded(1),
            reporter=self.reporter,
            destination=destination,
            redelivery=redelivery,
            maximum_held_bytes=maximum_held_bytes,
        )
        self.poller.start()
        self.consumer.assign(*partitions)

    def run(self, seconds: float = 0.0) -> None:
        """Step until `seconds` have passed, and at least a few times."""
        until = self.clock.now + seconds
        for _ in range(3):
            self.poller.step()
        while self.clock.now < until:
            self.poller.step()

    def answer(self, *outcomes: Outcome) -> None:
        """Let one batch after the other come back, the oldest first, whenever it was sent."""
        for outcome in outcomes:
            while not self.invoker.in_flight:
                self.poller.step()
            self.invoker.answer(outcome)
            self.run()

    def sent(self) -> list[list[tuple[int, int]]]:
        """Name partition and offset of the records of every submitted batch."""
        return [offsets(batch) for batch in self.invoker.submitted]


def offsets(batch: Batch) -> list[tuple[int, int]]:
    return [(record.partition, record.offset) for record in batch]
