"""The batcher: encoded records in, batches out, within size, bytes and window.

Records of a partition leave in offset order, and never while the partition is busy elsewhere.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
"""

from collections import deque
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from heapq import merge
from operator import attrgetter

from devstack.event_source_mapping.polling.event import EventFormat, record_bytes
from devstack.event_source_mapping.polling.records import Batch, Record

NOW = float("-inf")


@dataclass(slots=True)
class _Waiting:
    records: deque[Record] = field(default_factory=deque)
    bytes: int = 0

    def take(self) -> Record:
        record = self.records.popleft()
        self.bytes -= record_bytes(record)
        return record


class Batcher:
    """Records waiting for their batch, by partition."""

    def __init__(self, event_format: EventFormat, size: int, window_seconds: float) -> None:
        self._format = event_format
        self._size = size
        self._window_seconds = window_seconds
        self._waiting: dict[int, _Waiting] = {}

    def add(self, record: Record) -> None:
        """Let a record wait; it must fit into an event by itself."""
        waiting = self._waiting.get(record.partition)
        if waiting is None:
            waiting = self._waiting[record.partition] = _Waiting()
        waiting.records.append(record)
        waiting.bytes += record_bytes(record)

    def put_back(self, batch: Batch) -> None:
        """Let records that were taken before wait again, where their offsets belong."""
        for partition, records in batch.records.items():
            waiting = self._waiting.setdefault(partition, _Waiting())
            waiting.records = deque(merge(records, waiting.records, key=attrgetter("offset")))
            waiting.bytes += sum(map(record_bytes, records))

    def waiting(self) -> set[int]:
        """Name the partitions in which records wait."""
        return {partition for partition, some in self._waiting.items() if some.records}

    def drop(self, partition: int) -> None:
        """Forget what waits in a partition."""
        self._waiting.pop(partition, None)

    def due_at(self, busy: Container[int]) -> float | None:
        """Tell when the next batch is to leave: `NOW`, a monotonic time, or None while empty.

        The window runs from the arrival of the first record that waits.
        """
        ready = dict(self._ready(busy))
        if not ready:
            return None
        if sum(len(waiting.records) for waiting in ready.values()) >= self._size:
            return NOW
        total_bytes = sum(w.bytes + self._format.partition_bytes(p) for p, w in ready.items())
        if self._format.envelope_bytes + total_bytes >= self._format.largest_bytes:
            return NOW
        return min(_first_arrival(waiting) for waiting in ready.values()) + self._window_seconds

    def take(self, now: float, busy: Container[int]) -> Batch | None:
        """Return the batch that is due, of partitions not `busy`, longest waiting first."""
        due_at = self.due_at(busy)
        if due_at is None or due_at > now:
            return None
        return Batch(self._fill(busy))

    def _fill(self, busy: Container[int]) -> dict[int, list[Record]]:
        records: dict[int, list[Record]] = {}
        room, room_bytes = self._size, self._format.largest_bytes - self._format.envelope_bytes
        for partition, waiting in sorted(self._ready(busy), key=lambda w: _first_arrival(w[1])):
            room_bytes -= self._format.partition_bytes(partition)
            taken: list[Record] = []
            while (
                waiting.records
                and len(taken) < room
                and record_bytes(waiting.records[0]) <= room_bytes
            ):
                taken.append(waiting.take())
                room_bytes -= record_bytes(taken[-1])
            room -= len(taken)
            if taken:
                records[partition] = taken
            if waiting.records:
                break
        return records

    def _ready(self, busy: Container[int]) -> Iterator[tuple[int, _Waiting]]:
        for partition, waiting in self._waiting.items():
            if waiting.records and partition not in busy:
                yield partition, waiting


def _first_arrival(waiting: _Waiting) -> float:
    return waiting.records[0].arrived_at
