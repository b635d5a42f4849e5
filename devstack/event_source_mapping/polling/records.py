"""What travels through a mapping: a consumed record in, its place in a batch out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import NamedTuple, Self

from devstack.event_source_mapping.polling.outcome import Answer, Outcome


class ConsumedRecord(NamedTuple):
    """A record as Kafka holds it; the topic is the mapping's only one."""

    partition: int
    offset: int
    timestamp_ms: int
    timestamp_type: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Tries(NamedTuple):
    """What a record has been through."""

    attempts: int = 0
    invocations: int = 0
    """Attempts that reached the function."""
    failures: int = 0
    """Attempts that count as retries used up, the first one included."""
    last_answer: Answer | None = None

    def after(self, outcome: Outcome, *, counted: bool) -> "Tries":
        """Return the tries after one more attempt that failed."""
        attempts, failures = self.attempts + 1, self.failures + counted
        if isinstance(outcome, Answer):
            return Tries(attempts, self.invocations + 1, failures, outcome)
        return self._replace(attempts=attempts, failures=failures)


class Record(NamedTuple):
    """A record as the event holds it: `encoded` is its JSON, made once, counted for every limit."""

    partition: int
    offset: int
    timestamp_ms: int
    encoded: bytes
    arrived_at: float
    """Monotonic seconds."""
    tries: Tries = Tries()
    passes_filter: bool = True


RecordsByPartition = Mapping[int, Sequence[Record]]

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that travel together, by partition, each partition's in offset order."""

    records: RecordsByPartition
    number: int = field(default_factory=_numbers.__next__)
    """Tells batches apart, within the process."""

    def __len__(self) -> int:
        return sum(map(len, self.records.values()))

    def __str__(self) -> str:
        spans = (f"{p}[{rs[0].offset}…{rs[-1].offset}]" for p, rs in self.records.items())
        return f"{len(self)} records of partitions {' '.join(spans)}"

    def __iter__(self) -> Iterator[Record]:
        """Yield the records, partition by partition."""
        for records in self.records.values():
            yield from records

    @property
    def attempts(self) -> int:
        """Return how often the record that was tried most was tried."""
        return max(record.tries.attempts for record in self)

    def with_records(self, records: RecordsByPartition) -> Self:
        """Return the same batch narrowed to `records`."""
        return replace(self, records=records)

    def without(self, partitions: Iterable[int]) -> Self:
        """Return the same batch less what belongs to `partitions`."""
        return self.with_records({p: rs for p, rs in self.records.items() if p not in partitions})

    def halves(self) -> tuple["Batch", "Batch"]:
        """Split into two batches; what they share of a partition is cut by offset."""
        records, middle = list(self), len(self) // 2
        return Batch(by_partition(records[:middle])), Batch(by_partition(records[middle:]))


def batch_of(records: Iterable[Record]) -> Batch | None:
    """Return the batch of these records, each partition's in the order given; None for none."""
    grouped = by_partition(records)
    return Batch(grouped) if grouped else None


def by_partition(records: Iterable[Record]) -> dict[int, list[Record]]:
    """Group records, keeping their order."""
    grouped: dict[int, list[Record]] = {}
    for record in records:
        grouped.setdefault(record.partition, []).append(record)
    return grouped
