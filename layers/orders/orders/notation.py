"""Notation: the bytes of a value in, its JSON out, and what only the notation shows to be wrong.

Keys that stand twice, and characters that PostgreSQL cannot hold.
"""

import json
import re
from collections import Counter
from typing import Any, Final, NamedTuple, Self

from orders.model import LARGEST_INTEGER, is_order_uid
from orders.paths import Path, escaped

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UNSTORABLE_MARKS: Final = ("\\u0000", "\\ud", "\\uD")
# The backslashes are those of an order that was written as JSON twice.
_ORDER_UID: Final = re.compile(
    rb'"order_uid\\?"[ \t\r\n]*:[ \t\r\n]*\\?"([!-~]{1,64}?)\\?"', re.ASCII
)


class Noted(NamedTuple):
    """A rule that a document breaks in its notation, where, and what stands there."""

    rule: str
    path: Path
    value: Any


def parse(value: bytes) -> tuple[Any, bool]:
    """Return the document, and whether a closer look at its keys and characters is due."""
    text = value.removeprefix(_BYTE_ORDER_MARK).decode()
    repeated: list[_RepeatedKeys] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            repeated.append(found := _RepeatedKeys(pairs))
        return found

    try:
        document = json.loads(text, object_pairs_hook=members)
    except (json.JSONDecodeError, RecursionError):
        raise
    except ValueError:  # more digits than Python reads
        document = json.loads(text, object_pairs_hook=members, parse_int=_integer)
    return document, bool(repeated) or any(mark in text for mark in _UNSTORABLE_MARKS)


def order_uid(value: bytes) -> str | None:
    """Find the id of an order in a value that cannot be read as one, as when half of it is cut."""
    found = _ORDER_UID.search(value)
    uid = found[1].decode() if found else ""
    return uid if is_order_uid(uid) else None


class _RepeatedKeys(dict[str, Any]):
    """An object of which some keys stand more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _ in pairs)
        self.names = [key for key, count in counts.items() if count > 1]


def cleaned(value: Any, path: Path, noted: list[Noted]) -> Any:  # noqa: ANN401 - JSON
    """Return a copy that the model can take, and note what had to be left out."""
    if isinstance(value, str):
        return _cleaned_text(value, path, value, noted)
    if isinstance(value, list):
        return [cleaned(entry, (*path, index), noted) for index, entry in enumerate(value)]
    if isinstance(value, dict):
        if isinstance(value, _RepeatedKeys):
            noted += [Noted("duplicate_key", (*path, key), value[key]) for key in value.names]
        return {
            _cleaned_text(key, (*path, key), entry, noted): cleaned(entry, (*path, key), noted)
            for key, entry in value.items()
        }
    return value


def _cleaned_text(text: str, path: Path, value: Any, noted: list[Noted]) -> str:  # noqa: ANN401 - JSON
    """Clean a text, or the key of a value."""
    if "\0" in text:
        noted.append(Noted("nul_character", path, value))
    if any("\ud800" <= character <= "\udfff" for character in text):
        noted.append(Noted("lone_surrogate", path, value))
    return escaped(text)


class _LongNumber(int):
    """Stands in for a number with more digits than Python reads, and is written like it."""

    digits: str

    def __new__(cls, digits: str) -> Self:
        beyond = -LARGEST_INTEGER if digits.startswith("-") else LARGEST_INTEGER + 1
        number = super().__new__(cls, beyond)
        number.digits = digits
        return number

    def __str__(self) -> str:
        return self.digits


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= len(str(LARGEST_INTEGER)) else _LongNumber(digits)
