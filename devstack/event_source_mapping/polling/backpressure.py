"""The back-pressure: bytes held by each partition in, which partitions to pause or resume out.

Every partition has an equal share of `MAXIMUM_HELD_BYTES`, so that one whose batch keeps failing
stops itself and not the others; a share is passed by what one poll brings at most.
"""

from collections.abc import Iterable

MAXIMUM_HELD_BYTES = 64 * 1024 * 1024
"""Encoded records waiting, in flight and waiting for their retry, of one poller."""

RESUME_BELOW = 0.5
"""A paused partition goes on when it holds less than this part of its share."""


class Backpressure:
    """Bytes held, by assigned partition."""

    def __init__(self, maximum_held_bytes: int = MAXIMUM_HELD_BYTES) -> None:
        self._maximum = maximum_held_bytes
        self._held: dict[int, int] = {}
        self._paused: set[int] = set()

    @property
    def held_bytes(self) -> int:
        """Count the bytes of all partitions."""
        return sum(self._held.values())

    def assign(self, partitions: Iterable[int]) -> None:
        """Give partitions a share."""
        self._held.update(dict.fromkeys(partitions, 0))

    def forget(self, partitions: Iterable[int]) -> None:
        """Take the share of partitions that belong to somebody else now."""
        for partition in partitions:
            self._held.pop(partition, None)
            self._paused.discard(partition)

    def hold(self, partition: int, size: int) -> None:
        """Count `size` bytes more, or fewer when negative."""
        self._held[partition] += size

    def changes(self) -> tuple[list[int], list[int]]:
        """Return the partitions to pause and those to resume since the last call."""
        share = self._maximum / max(1, len(self._held))
        pause = [p for p, held in self._held.items() if held >= share and p not in self._paused]
        resume = [p for p in self._paused if self._held[p] < share * RESUME_BELOW]
        self._paused = self._paused.union(pause).difference(resume)
        return pause, resume
