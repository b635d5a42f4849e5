"""Notation: the bytes of a value in, its JSON out, and what only the notation shows to be wrong.

Keys that stand twice, and characters that PostgreSQL cannot hold.
"""

import json
from collections import Counter
from typing import Any, Final

from orders.faults import Path, escaped, name, pointer
from orders.model import LARGEST_INTEGER
from orders.record import Fault

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UNSTORABLE_MARKS: Final = ("\\u0000", "\\ud", "\\uD")


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


class _RepeatedKeys(dict[str, Any]):
    """An object of which some keys stand more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _ in pairs)
        self.names = [key for key, count in counts.items() if count > 1]


def cleaned(value: Any, path: Path, faults: list[Fault]) -> Any:  # noqa: ANN401 - JSON
    """Return a copy that the model can take, and note what had to be left out."""
    if isinstance(value, str):
        return _cleaned_text(value, path, faults)
    if isinstance(value, list):
        return [cleaned(entry, (*path, index), faults) for index, entry in enumerate(value)]
    if isinstance(value, dict):
        if isinstance(value, _RepeatedKeys):
            faults += [_repeated((*path, key)) for key in value.names]
        return {
            _cleaned_text(key, (*path, key), faults): cleaned(entry, (*path, key), faults)
            for key, entry in value.items()
        }
    return value


def _repeated(path: Path) -> Fault:
    return Fault(pointer(path), "duplicate_key", f"{name(path)} stands more than once.")


def _cleaned_text(text: str, path: Path, faults: list[Fault]) -> str:
    if "\0" in text:
        sentence = f"{name(path)} holds a NUL character (\\u0000); remove it."
        faults.append(Fault(pointer(path), "nul_character", sentence))
    if any("\ud800" <= character <= "\udfff" for character in text):
        sentence = f"{name(path)} holds half of a surrogate pair; send whole characters."
        faults.append(Fault(pointer(path), "lone_surrogate", sentence))
    return escaped(text)


def _integer(digits: str) -> int:
    """Read a number, or stand in for one with more digits than Python reads."""
    if len(digits) <= len(str(LARGEST_INTEGER)):
        return int(digits)
    return -LARGEST_INTEGER if digits.startswith("-") else LARGEST_INTEGER + 1
