"""What travels through a mapping: a consumed record in, its place in a batch out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self


class ConsumedRecord(NamedTuple):
    """A record as Kafka holds it; the topic is the mapping's only one."""

    partition: int
    offset: int
    timestamp_ms: int
    timestamp_type: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Record(NamedTuple):
    """A record as the event holds it: `encoded` is its JSON, made once, counted for every limit."""

    partition: int
    offset: int
    timestamp_ms: int
    encoded: bytes
    arrived_at: float
    """Monotonic seconds."""


RecordsByPartition = Mapping[int, Sequence[Record]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one invocation, by partition, each partition's in offset order."""

    number: int
    records: RecordsByPartition
    attempts: int = 0
    function_errors: int = 0
    """Attempts the function itself failed; the others never reached it."""

    def __len__(self) -> int:
        return sum(map(len, self.records.values()))

    def __str__(self) -> str:
        spans = (f"{p}[{rs[0].offset}…{rs[-1].offset}]" for p, rs in self.records.items())
        return f"{len(self)} records of partitions {' '.join(spans)}"

    def with_records(self, records: RecordsByPartition) -> Self:
        """Return the same batch narrowed to `records`."""
        return replace(self, records=records)

    def without(self, partitions: Iterable[int]) -> Self:
        """Return the same batch less what belongs to `partitions`."""
        return self.with_records({p: rs for p, rs in self.records.items() if p not in partitions})
