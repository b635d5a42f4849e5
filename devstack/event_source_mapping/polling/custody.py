"""The custody: records polled in, offsets to commit and partitions to pause out.

A record is held, and counted in bytes, from its poll until nothing more is to be done for it.
"""

from collections.abc import Iterable, Mapping, Sequence

from devstack.event_source_mapping.polling.backpressure import Backpressure
from devstack.event_source_mapping.polling.checkpoint import Checkpoint, Progress
from devstack.event_source_mapping.polling.records import Record, RecordsByPartition


class Custody:
    """The records of one poller's partitions."""

    def __init__(self, maximum_held_bytes: int, *, commit_filtered_at_once: bool) -> None:
        self._checkpoint = Checkpoint()
        self._backpressure = Backpressure(maximum_held_bytes)
        self._at_once = commit_filtered_at_once
        self.partitions: set[int] = set()

    @property
    def held_bytes(self) -> int:
        """Count the bytes of records not yet resolved."""
        return self._backpressure.held_bytes

    def assign(self, partitions: Iterable[int]) -> None:
        """Take partitions over."""
        self.partitions.update(partitions)
        self._backpressure.assign(partitions)

    def forget(self, partitions: Iterable[int]) -> None:
        """Let partitions go, with everything held of them."""
        self.partitions.difference_update(partitions)
        self._backpressure.forget(partitions)
        for partition in partitions:
            self._checkpoint.forget(partition)

    def hold(self, record: Record) -> None:
        """Take a record in."""
        self._checkpoint.track(record.partition, record.offset)
        self._backpressure.hold(record.partition, len(record.encoded))

    def resolve(self, records: RecordsByPartition) -> None:
        """Let records go: accepted by the function, or given up."""
        for partition, some in records.items():
            self._checkpoint.resolve(partition, [record.offset for record in some])
            self._release(partition, some)

    def pass_over(self, records: RecordsByPartition) -> None:
        """Let records go that the filter removed."""
        if self._at_once:
            self.resolve(records)
            return
        for partition, some in records.items():
            self._checkpoint.pass_over(partition, [record.offset for record in some])
            self._release(partition, some)

    def _release(self, partition: int, records: Sequence[Record]) -> None:
        self._backpressure.hold(partition, -sum(len(record.encoded) for record in records))

    def commits(self, now: float) -> dict[int, int]:
        """Return what to commit since the last time: partition → next offset to read."""
        return self._checkpoint.take(now)

    def committed(self, offsets: Mapping[int, int]) -> int:
        """Note what the group holds; return by how many offsets it has gone on."""
        return self._checkpoint.committed(offsets)

    def commit_failed(self, partitions: Iterable[int], now: float) -> None:
        """Have the offsets of `partitions` committed again later."""
        self._checkpoint.commit_failed(partitions, now)

    def changes(self) -> tuple[list[int], list[int]]:
        """Return the partitions to pause and those to resume since the last call."""
        return self._backpressure.changes()

    def progress(self) -> Mapping[int, Progress]:
        """Tell how far each partition is; callable from other threads."""
        return self._checkpoint.progress()
