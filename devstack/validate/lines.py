"""Lines: a JSON text and a JSON pointer into it in, the line where that lies out.

The text is walked by the parts of Python's own reader, so that both agree on what is JSON.
"""

import json
import re
from collections.abc import Iterator
from itertools import count
from typing import Final, NamedTuple

from orders.paths import pointer as pointer_of

_SPACES: Final = re.compile(r"[ \t\r\n]*")
# Numbers are passed over, however long they are.
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


class Child(NamedTuple):
    """A member of an object or an entry of an array."""

    name: str
    """Its step of a JSON pointer."""
    begin: int
    """Where it begins; of a member, where its key does."""
    value: int
    end: int


def line_of(text: str, pointer: str) -> int:
    """Return the line of what a pointer leads to, or of the nearest parent that exists."""
    begin = value = after_spaces(text, 0)
    for name in pointer.split("/")[1:]:
        same = [child for child in children(text, value) if child.name == name]
        if not same:
            break
        begin, value = same[-1].begin, same[-1].value  # of keys that stand twice, the last counts
    return text.count("\n", 0, begin) + 1


def children(text: str, at: int) -> Iterator[Child]:
    """Yield what stands in the object or the array that begins there; in a plain value, nothing."""
    if text[at] == "{":
        yield from _members(text, at)
    elif text[at] == "[":
        yield from entries(text, at)


def entries(text: str, at: int) -> Iterator[Child]:
    """Yield the entries of the array that begins there, up to where it is no JSON any more.

    Raises JSONDecodeError there, and RecursionError where it is nested too deeply.
    """
    at = after_spaces(text, at + 1)
    if text[at : at + 1] == "]":
        return
    for index in count():
        end = end_of(text, at)
        yield Child(str(index), at, at, end)
        at = after_spaces(text, end)
        if text[at : at + 1] == "]":
            return
        at = _after_comma(text, at)


def end_of(text: str, at: int) -> int:
    """Return where the value that begins there ends; raises what `entries` does."""
    return _DECODER.raw_decode(text, at)[1]


def after_spaces(text: str, at: int) -> int:
    """Return where the next sign stands that is no white space."""
    return _SPACES.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing too


def _members(text: str, at: int) -> Iterator[Child]:
    """Yield the members of an object, which has been read before and is JSON."""
    at = after_spaces(text, at + 1)
    while text[at] != "}":
        key, end = _DECODER.raw_decode(text, at)
        value = after_spaces(text, after_spaces(text, end) + 1)
        end = end_of(text, value)
        yield Child(pointer_of((key,))[1:], at, value, end)
        at = after_spaces(text, end)
        if text[at] == ",":
            at = _after_comma(text, at)


def _after_comma(text: str, at: int) -> int:
    if text[at : at + 1] != ",":
        message = "Expecting ',' delimiter"
        raise json.JSONDecodeError(message, text, at)
    return after_spaces(text, at + 1)
