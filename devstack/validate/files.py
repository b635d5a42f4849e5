"""Files: what a person names in, the orders in it out, each with its bytes and its place.

JSON Lines are read line by line, however many they are; a JSON document is read as a whole.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from devstack.errors import UserError
from devstack.replay.json_lines import SUFFIXES, looks_like_lines, numbered
from devstack.validate.lines import after_spaces, end_of, entries
from orders.faults import unreadable
from orders.paths import escaped
from orders.record import Fault

STANDARD_INPUT: Final = "-"

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

OnRead = Callable[[int], None]
"""Is told how many bytes of a file were read since the last time."""


class Candidate(NamedTuple):
    """What should be an order."""

    file: str
    line: int
    """Where it begins."""
    value: bytes
    is_line: bool = False
    """Whether it is a record of JSON Lines, so that all its faults are on this line."""
    damage: Fault | None = None
    """Why the document cannot be read from here on."""


def candidates(name: str, on_read: OnRead) -> Iterator[Candidate]:
    """Read a file, or standard input; raises `UserError` when it cannot be read."""
    try:
        with _opened(name) as (title, file):
            lines = _told(file, on_read)
            head = _head(lines)
            whole = chain(head, lines)
            if Path(name).suffix in SUFFIXES or _are_lines(head):
                yield from _of_lines(title, whole)
            else:
                yield from _of_document(title, whole)
    except OSError as error:
        message = f"{name}: {error.strerror}; give files that can be read"
        raise UserError(message) from error


@contextmanager
def _opened(name: str) -> Iterator[tuple[str, BinaryIO]]:
    if name == STANDARD_INPUT:
        yield "<stdin>", sys.stdin.buffer
    else:
        with Path(name).open("rb") as file:
            yield escaped(name), file


def _told(file: BinaryIO, on_read: OnRead) -> Iterator[bytes]:
    for line in file:
        on_read(len(line))
        yield line


def _head(lines: Iterator[bytes]) -> list[bytes]:
    """Read the first line that holds something, and the empty ones before it."""
    head = []
    for line in lines:
        head.append(line)
        if line.strip():
            break
    return head


def _are_lines(head: list[bytes]) -> bool:
    return not b"".join(head).strip() or looks_like_lines(head[-1])


def _of_lines(title: str, lines: Iterable[bytes]) -> Iterator[Candidate]:
    for number, line in numbered(lines):
        yield Candidate(title, number + 1, line, is_line=True)


def _of_document(title: str, lines: Iterable[bytes]) -> Iterator[Candidate]:
    """Yield one order, or those of an array, up to where the document is broken."""
    value = b"".join(lines).removeprefix(_BYTE_ORDER_MARK)
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        line = value.count(b"\n", 0, error.start) + 1
        yield Candidate(title, line, value, damage=unreadable(error))
        return
    line, at = 1, 0
    try:
        for begin, end in _spans(text):
            line += text.count("\n", at, begin)
            yield Candidate(title, line, text[begin:end].encode())
            at = begin
    except json.JSONDecodeError as error:
        yield Candidate(title, error.lineno, b"", damage=unreadable(error))
    except RecursionError as error:
        yield Candidate(title, line, b"", damage=unreadable(error))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where orders begin and end, in a document that is one or an array of them."""
    begin = after_spaces(text, 0)
    if text[begin : begin + 1] == "[":
        end = begin + 1
        for entry in entries(text, begin):
            yield entry.value, entry.end
            end = entry.end
        end = text.index("]", end) + 1
    else:
        end = end_of(text, begin)
        yield begin, end
    if (after := after_spaces(text, end)) < len(text):
        message = "Extra data"
        raise json.JSONDecodeError(message, text, after)
