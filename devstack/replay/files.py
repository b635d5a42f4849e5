"""Files: event files, dead letters and JSON Lines of orders in, the events they make out.

Every file is looked at before the first event is sent: what cannot be replayed is told then.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from devstack.errors import UserError
from devstack.replay import documents
from devstack.replay.documents import KafkaEvent, RefusedDocumentError
from devstack.replay.events import Bookmark, Event
from devstack.replay.json_lines import SUFFIXES, JsonLines, looks_like_lines


class Part(Protocol):
    """One of the things that a command names."""

    place: str
    identity: str
    length: int

    def events(self, begin: int) -> Iterator[Event]:
        """Yield its events from a position on."""


class Files:
    """The source that reads parts one after the other."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = {part.place: part for part in parts}
        places = list(self._parts)
        self.title = places[0] if len(places) == 1 else f"{len(places)} files"
        self.identity = tuple(part.identity for part in self._parts.values())

    def bounds(self) -> tuple[Bookmark, Bookmark]:
        """Return where every part begins and ends; `UserError` when all of them are empty."""
        end = {place: part.length for place, part in self._parts.items()}
        if not any(end.values()):
            message = f"{self.title} holds nothing to replay"
            raise UserError(message)
        return dict.fromkeys(end, 0), end

    def events(self, begin: Bookmark, end: Bookmark) -> Iterator[Event]:
        """Yield the events of every part from its bookmark on."""
        for place, part in self._parts.items():
            if begin[place] < end[place]:
                yield from part.events(begin[place])


class EventFile:
    """A file that holds one event; it is sent as it is."""

    def __init__(self, path: Path, event: KafkaEvent) -> None:
        self.place = str(path)
        self.identity = identity(path)
        self.length = len(event.batch)
        self._path = path

    def events(self, _begin: int) -> Iterator[Event]:
        """Yield the event."""
        event = documents.kafka_event(self._path.read_bytes())
        bookmark = {self.place: self.length}
        yield Event(event.event_format, event.batch, bookmark, verbatim=event.text)


def part_of(path: Path, batch_size: int) -> Part:
    """Look at a file; raises `UserError` when it holds nothing that can be replayed."""
    try:
        lines = path.suffix in SUFFIXES or _is_lines(path.read_bytes())
        if lines or documents.is_order(documents.parsed(path.read_bytes())):
            return JsonLines(path, identity(path), batch_size, whole=not lines)
        return EventFile(path, documents.kafka_event(path.read_bytes()))
    except RefusedDocumentError as error:
        message = f"{path} {error}"
        raise UserError(message) from error
    except OSError as error:
        message = f"{path}: {error.strerror}; give files that can be read"
        raise UserError(message) from error


def _is_lines(text: bytes) -> bool:
    """Tell whether a file is no JSON as a whole, though its first line is."""
    try:
        documents.parsed(text)
    except RefusedDocumentError:
        return looks_like_lines(text)
    return False


def identity(path: Path) -> str:
    """Tell a file from another, and from itself once it was changed."""
    status = path.stat()
    return f"{path.absolute()} {status.st_size} {status.st_mtime_ns}"
