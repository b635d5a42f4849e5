"""A broker, a function and a clock that do as they are told."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

from devstack.event_source_mapping.configuration import MappingConfiguration, StartingPosition
from devstack.event_source_mapping.poller import Poller
from devstack.event_source_mapping.ports import Assignee, Completion
from devstack.event_source_mapping.records import Batch, ConsumedRecord
from devstack.event_source_mapping.response import Answer, Outcome, Unreached
from devstack.event_source_mapping.retries import RetryDelays

ACCEPTED = Answer(b'{"batchItemFailures": []}', None)
FAILED = Answer(b'{"errorMessage": "no", "errorType": "ValueError"}', "Unhandled")
THROTTLED = Unreached("TooManyRequestsException: slow down")


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
    return ConsumedRecord(partition, offset, 1735689600000, "CREATE_TIME", b"key", value, ())


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


class FakeConsumer:
    """A topic and a group; time passes only while a poll finds nothing."""

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


class FakeMapping:
    """A poller amid its fakes."""

    def __init__(
        self,
        *partitions: int,
        retry_delays: RetryDelays | None = None,
        maximum_held_bytes: int = 2**26,
        **changes: object,
    ) -> None:
        self.clock = FakeClock()
        self.consumer = FakeConsumer(self.clock)
        self.invoker = ScriptedInvoker()
        self.poller = Poller(
            configuration(**changes),
            consumer=self.consumer,
            invoker=self.invoker,
            clock=self.clock,
            random=seeded(1),
            retry_delays=retry_delays or RetryDelays(),
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

    def sent(self) -> list[list[tuple[int, int]]]:
        """Name partition and offset of the records of every submitted batch."""
        return [offsets(batch) for batch in self.invoker.submitted]


def offsets(batch: Batch) -> list[tuple[int, int]]:
    return [(p, r.offset) for p, records in batch.records.items() for r in records]
