"""The checkpoint: resolved records in, offsets to commit out.

What may be committed is the highest offset below which every polled record is resolved, plus one.
https://docs.aws.amazon.com/lambda/latest/dg/esm-logging.html (processedOffset, committedOffset)
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

SECONDS_AFTER_FAILED_COMMIT = 1.0


class OffsetOrderError(Exception):
    """A partition's offsets went back while it was assigned."""

    def __init__(self, partition: int, offset: int, last: int) -> None:
        super().__init__(f"partition {partition}: offset {offset} came after {last}")


class Progress(NamedTuple):
    """How far a partition is, as the poller's log events tell it: next offsets, None for none."""

    consumed: int | None
    processed: int | None
    committed: int | None


@dataclass(slots=True)
class _Progress:
    pending: deque[int] = field(default_factory=deque)
    """Polled offsets in order, from the first that may not be committed yet; gaps are Kafka's."""
    resolved: set[int] = field(default_factory=set)
    next_offset: int | None = None
    """What to commit; None until something is resolved."""
    sent: int | None = None
    """What was last sent to be committed."""
    committed: int | None = None
    """What the group is known to hold."""
    ripe: bool = False
    """Something came back from the function since the last commit."""
    first_polled: int | None = None
    last_polled: int = -1

    def resolve(self, offsets: Iterable[int]) -> None:
        self.resolved.update(offsets)
        while self.pending and self.pending[0] in self.resolved:
            offset = self.pending.popleft()
            self.resolved.remove(offset)
            self.next_offset = offset + 1


class Checkpoint:
    """Progress of each assigned partition; partitions that were taken away are forgotten."""

    def __init__(self) -> None:
        self._progress: dict[int, _Progress] = {}
        self._not_before = 0.0

    def track(self, partition: int, offset: int) -> None:
        """Note a polled record.

        Raises `OffsetOrderError` when the offsets of a partition do not rise: the topic was made
        anew, and what was committed before means nothing. Only a new start is safe.
        """
        progress = self._progress.setdefault(partition, _Progress())
        if offset <= progress.last_polled:
            raise OffsetOrderError(partition, offset, progress.last_polled)
        if progress.first_polled is None:
            progress.first_polled = offset
        progress.last_polled = offset
        progress.pending.append(offset)

    def resolve(self, partition: int, offsets: Iterable[int]) -> None:
        """Note records that need nothing more: accepted by the function, or given up."""
        self._progress[partition].resolve(offsets)
        self._progress[partition].ripe = True

    def pass_over(self, partition: int, offsets: Iterable[int]) -> None:
        """Note records the filter removed: committed with the next that come back.

        Where none is awaited, at once.
        https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
        """
        self._progress[partition].resolve(offsets)

    def take(self, now: float) -> dict[int, int]:
        """Return what to commit since the last time: partition → next offset to read."""
        if now < self._not_before:
            return {}
        due = {
            partition: progress.next_offset
            for partition, progress in self._progress.items()
            if progress.next_offset is not None
            and progress.next_offset != progress.sent
            and (progress.ripe or not progress.pending)
        }
        for partition, offset in due.items():
            self._progress[partition].sent = offset
            self._progress[partition].ripe = False
        return due

    def committed(self, offsets: Mapping[int, int]) -> int:
        """Note what the group holds; return by how many offsets it has gone on."""
        return sum(self._advance(partition, offset) for partition, offset in offsets.items())

    def _advance(self, partition: int, offset: int) -> int:
        progress = self._progress.get(partition)
        if progress is None or progress.first_polled is None:
            return 0
        before = progress.first_polled if progress.committed is None else progress.committed
        progress.committed = offset
        return max(0, offset - before)

    def commit_failed(self, partitions: Iterable[int], now: float) -> None:
        """Offer the offsets of `partitions` again, after a while."""
        self._not_before = now + SECONDS_AFTER_FAILED_COMMIT
        for partition in partitions:
            if progress := self._progress.get(partition):
                progress.sent = None
                progress.ripe = True

    def progress(self) -> Mapping[int, Progress]:
        """Tell how far each partition is; callable from other threads."""
        return {
            partition: Progress(progress.last_polled + 1, progress.next_offset, progress.committed)
            for partition, progress in self._progress.copy().items()
        }

    def forget(self, partition: int) -> None:
        """Drop a partition that belongs to somebody else now."""
        self._progress.pop(partition, None)

    @property
    def unresolved(self) -> int:
        """Count the records polled and not yet past."""
        return sum(len(progress.pending) for progress in self._progress.values())
