"""Places: where each record stands in the topic, by its number, in a few bytes a record."""

from array import array
from collections.abc import Iterator
from typing import NamedTuple

NOT_DATED = -1
"""The timestamp of a record whose broker dates it, until it tells."""


class Place(NamedTuple):
    """Where the broker put a record, and the timestamp that it has there."""

    partition: int
    offset: int
    timestamp_ms: int


class Places:
    """The places of so many records; None for one that was not acknowledged."""

    def __init__(self, count: int) -> None:
        self._partitions = array("i", [-1]) * count
        self._offsets = array("q", [-1]) * count
        self._timestamps_ms = array("q", [NOT_DATED]) * count

    def __len__(self) -> int:
        return len(self._partitions)

    def __iter__(self) -> Iterator[Place | None]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> Place | None:
        partition, offset = self._partitions[number], self._offsets[number]
        if offset < 0:
            return None
        return Place(partition, offset, self._timestamps_ms[number])

    def put(self, number: int, place: Place) -> None:
        """Note the place of a record."""
        self._partitions[number] = place.partition
        self._timestamps_ms[number] = place.timestamp_ms
        self._offsets[number] = place.offset  # last: who finds it finds the others too
