"""A stream of NATS: part of it in, the events that the source would make of it out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from devstack import jetstream
from devstack.errors import UserError
from devstack.event_source_mapping.clients.nats.messages import PARTITION, consumed_record
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.replay.events import Bookmark, Event, SourcedRecord, of_consumed, packed
from devstack.replay.selection import Selection
from devstack.replay.stream_reading import opened


@dataclass(frozen=True)
class Stream:
    """The source that reads a part of a stream."""

    name: str
    url: str
    credentials: str | None
    selection: Selection
    """Of its one partition."""
    event_format: EventFormat
    batch_size: int
    passes: Callable[[bytes | None], bool] | None = None
    """The mapping's filter, if it has one."""

    @property
    def title(self) -> str:
        """Name it for people."""
        return f"stream {self.name}"

    @property
    def identity(self) -> tuple[str, ...]:
        """Tell it from another one."""
        return (jetstream.topic_of(self.name), repr(self.selection))

    def bounds(self) -> tuple[Bookmark, Bookmark]:
        """Return the selected sequences, as they are now.

        Raises `UserError` when the server does not answer, or nothing is selected.
        """
        selection = self.selection
        with opened(self.url, self.name, self.credentials) as reader:
            held = begin, end = reader.held()
            # The server dates messages as it stores them: times stand in the order of sequences.
            if selection.from_ms is not None:
                begin = max(begin, reader.first_since(selection.from_ms))
            if selection.to_ms is not None:
                end = min(end, reader.first_since(selection.to_ms))
        begin, end = selection.cut(PARTITION, begin, end)
        if begin >= end:
            span = f"{self.name}[{held[0]}…{held[1] - 1}]" if any(held) else "nothing"
            message = f"nothing of {self.title} is selected; it holds {span}"
            raise UserError(message)
        return {self.name: begin}, {self.name: end}

    def events(self, begin: Bookmark, end: Bookmark) -> Iterator[Event]:
        """Yield the events of what stands between the two."""
        return packed(self._records(begin[self.name], end[self.name]), self.batch_size)

    def _records(self, begin: int, end: int) -> Iterator[SourcedRecord]:
        with opened(self.url, self.name, self.credentials) as reader:
            for message in reader.messages(begin, end):
                consumed = consumed_record(message, self.name)
                if self.passes is None or self.passes(consumed.value):
                    yield of_consumed(consumed, self.event_format, self.name)
