"""Events to replay: records in the order they are read in, events within a mapping's limits out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from devstack.event_source_mapping.polling.event import EventFormat, record_bytes
from devstack.event_source_mapping.polling.records import (
    Batch,
    ConsumedRecord,
    Record,
    by_partition,
)

Bookmark = Mapping[str, int]
"""How far a source has been read: place (a partition, a file) → next position there."""


class SourcedRecord(NamedTuple):
    """A record, and where its source goes on after it."""

    record: Record
    event_format: EventFormat
    place: str
    following: int


@dataclass(frozen=True, slots=True)
class Event:
    """What one invocation is given."""

    event_format: EventFormat
    batch: Batch
    bookmark: Bookmark
    """Where the source goes on once this event is through."""
    verbatim: bytes | None = None
    """The event as somebody else wrote it; None: it is made of the batch."""

    def payload(self, batch: Batch) -> bytes:
        """Write the event, or what is left of it to be sent again."""
        if self.verbatim is not None and len(batch) == len(self.batch):
            return self.verbatim
        return self.event_format.event(batch.records)


def of_consumed(consumed: ConsumedRecord, event_format: EventFormat, place: str) -> SourcedRecord:
    """Return a consumed record as an event holds it; its source goes on at the next offset."""
    encoded = event_format.encode(consumed)
    record = Record(
        consumed.partition, consumed.offset, consumed.timestamp_ms, encoded, arrived_at=0
    )
    return SourcedRecord(record, event_format, place, consumed.offset + 1)


def sourced(
    batch: Batch, event_format: EventFormat, place: str, position: int
) -> Iterator[SourcedRecord]:
    """Yield the records that stood together at one position; only the last one leads past it."""
    left = len(batch)
    for record in batch:
        left -= 1
        yield SourcedRecord(record, event_format, place, position if left else position + 1)


class Source(Protocol):
    """Where records come from."""

    @property
    def title(self) -> str:
        """Name it for people."""

    @property
    def identity(self) -> tuple[str, ...]:
        """Tell it from another one: a replay goes on only where these are the same."""

    def bounds(self) -> tuple[Bookmark, Bookmark]:
        """Return where it begins and ends; raises `UserError` when there is nothing to read."""

    def events(self, begin: Bookmark, end: Bookmark) -> Iterator[Event]:
        """Yield what stands between the two."""


def packed(records: Iterable[SourcedRecord], size: int) -> Iterator[Event]:
    """Put consecutive records of one format into events, up to `size` records and 6 MB.

    A record that fits into no event gets one of its own: whoever sends it has to refuse it.
    """
    pack: _Pack | None = None
    for sourced in records:
        if pack is not None and not pack.has_room_for(sourced):
            yield pack.event()
            pack = None
        if pack is None:
            pack = _Pack(sourced.event_format, size)
        pack.add(sourced)
    if pack is not None:
        yield pack.event()


class _Pack:
    def __init__(self, event_format: EventFormat, size: int) -> None:
        self._format = event_format
        self._size = size
        self._records: list[Record] = []
        self._partitions: set[int] = set()
        self._bytes = event_format.envelope_bytes
        self._bookmark: dict[str, int] = {}

    def has_room_for(self, sourced: SourcedRecord) -> bool:
        return (
            sourced.event_format is self._format
            and len(self._records) < self._size
            and self._bytes + self._more_bytes(sourced.record) <= self._format.largest_bytes
        )

    def add(self, sourced: SourcedRecord) -> None:
        self._bytes += self._more_bytes(sourced.record)
        self._records.append(sourced.record)
        self._partitions.add(sourced.record.partition)
        self._bookmark[sourced.place] = sourced.following

    def event(self) -> Event:
        return Event(self._format, Batch(by_partition(self._records)), self._bookmark)

    def _more_bytes(self, record: Record) -> int:
        named = record.partition in self._partitions
        opening = 0 if named else self._format.partition_bytes(record.partition)
        return opening + record_bytes(record)
