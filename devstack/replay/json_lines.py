"""JSON Lines: a file of order documents in, one record for every line out, bytes kept exactly.

The topic's name holds a digest of the content: the same file always gives the same records, and no
two files share an offset, which the ledger and the quarantine would take for a redelivery.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from devstack.event_source_mapping.polling.records import ConsumedRecord, Record
from devstack.replay.documents import format_of, unwrapped
from devstack.replay.events import Event, SourcedRecord, packed, sourced

SUFFIXES = frozenset({".jsonl", ".ndjson"})

_LONGEST_STEM = 200  # Kafka's limit for a topic is 249 characters
_NOT_A_TOPICS = re.compile(r"[^a-zA-Z0-9._-]")


class JsonLines:
    """A file with a document on each line; empty lines are passed over, bad ones are sent too."""

    def __init__(self, path: Path, identity: str, batch_size: int, *, whole: bool = False) -> None:
        self.place = str(path)
        self.identity = identity
        self._path = path
        self._whole = whole
        self._batch_size = batch_size
        self.length, digest = _measured(path)
        if whole:
            self.length = 1
        stem = _NOT_A_TOPICS.sub("-", path.stem)[:_LONGEST_STEM]
        self.topic = f"file.{stem}.{digest[:12]}"
        self._format = format_of(self.topic, f"file:{path.name}", None)
        self._timestamp_ms = int(path.stat().st_mtime * 1000)

    def events(self, begin: int) -> Iterator[Event]:
        """Yield the lines from number `begin` on, as events."""
        return packed(self._records(begin), self._batch_size)

    def _records(self, begin: int) -> Iterator[SourcedRecord]:
        for number, line in self._lines():
            if number < begin:
                continue
            if event := unwrapped(line):
                yield from sourced(event.batch, event.event_format, self.place, number)
            else:
                yield SourcedRecord(
                    self._record(number, line), self._format, self.place, number + 1
                )

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        with self._path.open("rb") as file:
            if self._whole:
                yield 0, file.read()
                return
            yield from numbered(file)

    def _record(self, number: int, line: bytes) -> Record:
        consumed = ConsumedRecord(
            0, number, self._timestamp_ms, "CREATE_TIME", _order_uid(line), line, ()
        )
        encoded = self._format.encode(consumed)
        return Record(0, number, self._timestamp_ms, encoded, arrived_at=0)


def numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that hold something, without their ends, by number from 0."""
    for number, line in enumerate(lines):
        if line.strip():
            yield number, line.removesuffix(b"\n").removesuffix(b"\r")


def looks_like_lines(text: bytes) -> bool:
    """Tell whether the first line that is not empty is a JSON object by itself."""
    first = next((line for line in text.splitlines() if line.strip()), b"")
    return isinstance(_parsed(first), dict)


def _measured(path: Path) -> tuple[int, str]:
    """Count lines, and digest the content, in one pass."""
    lines, last, digest = 0, b"\n", hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            lines += block.count(b"\n")
            last = block[-1:]
            digest.update(block)
    return lines + (last != b"\n"), digest.hexdigest()


def _order_uid(line: bytes) -> bytes | None:
    document = _parsed(line)
    uid = document.get("order_uid") if isinstance(document, dict) else None
    if not isinstance(uid, str):
        return None
    return uid.encode(errors="surrogatepass") or None


def _parsed(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
