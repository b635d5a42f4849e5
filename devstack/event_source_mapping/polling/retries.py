"""The retries: batches that failed in, the same batches out when their delay has passed.

Of the batches that hold records of a partition, the one with the lowest offsets goes first.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from random import Random

from devstack.event_source_mapping.definition.choices import Choices
from devstack.event_source_mapping.polling.records import (
    Batch,
    Record,
    RecordsByPartition,
    by_partition,
)


def delay_seconds(attempts: int, choices: Choices, random: Random) -> float:
    """Return how long to wait after `attempts` failed ones (at least one)."""
    # Doubling further than this would only overflow.
    doubled: float = choices.first_retry_seconds * 2 ** min(attempts - 1, 30)
    # Shortened by chance, so that mappings do not knock in step.
    return min(doubled, choices.longest_retry_seconds) * (
        1 - choices.retry_jitter * random.random()
    )


class Retries:
    """Batches waiting to be sent again; their partitions stay blocked meanwhile."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, Batch]] = []

    def put(self, batch: Batch, due_at: float) -> None:
        """Let a batch wait until `due_at`, monotonic seconds."""
        self._waiting.append((due_at, batch))

    def due_at(self, busy: Container[int]) -> float | None:
        """Tell when the next batch of partitions that are not `busy` is due."""
        return min((due_at for due_at, _ in self._first(busy)), default=None)

    def take(self, now: float, busy: Container[int]) -> Batch | None:
        """Return the batch that has been due for longest, of partitions not `busy`."""
        due_at = self.due_at(busy)
        if due_at is None or due_at > now:
            return None
        batch = next(batch for due, batch in self._first(busy) if due == due_at)
        self._waiting = [waiting for waiting in self._waiting if waiting[1] is not batch]
        return batch

    def _first(self, busy: Container[int]) -> Iterator[tuple[float, Batch]]:
        lowest: dict[int, int] = {}
        for _, batch in self._waiting:
            for partition, records in batch.records.items():
                offset = records[0].offset
                lowest[partition] = min(offset, lowest.get(partition, offset))
        for due_at, batch in self._waiting:
            if all(
                partition not in busy and records[0].offset == lowest[partition]
                for partition, records in batch.records.items()
            ):
                yield due_at, batch

    def drop(self, partitions: Iterable[int]) -> None:
        """Forget the records of partitions that were taken away."""
        kept = ((due_at, batch.without(partitions)) for due_at, batch in self._waiting)
        self._waiting = [(due_at, batch) for due_at, batch in kept if batch.records]

    def expire(self, oldest: Mapping[int, int]) -> RecordsByPartition:
        """Take out, of each partition, the records below an offset."""
        expired: dict[int, list[Record]] = {}
        kept: list[tuple[float, Batch]] = []
        for due_at, batch in self._waiting:
            there: list[Record] = []
            for record in batch:
                gone = record.offset < oldest.get(record.partition, 0)
                (expired.setdefault(record.partition, []) if gone else there).append(record)
            if there:
                kept.append((due_at, batch.with_records(by_partition(there))))
        self._waiting = kept
        return expired

    def partitions(self) -> Iterator[int]:
        """Name the blocked partitions."""
        for _, batch in self._waiting:
            yield from batch.records
