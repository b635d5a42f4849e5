"""Editing: the bytes of an order and corrections by JSON pointer in, corrected bytes out.

Nothing but what was named changes; where that cannot be kept, nothing is changed.
"""

import copy
import json
import re
from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from devstack.errors import UserError

_APPEND: Final = "-"
_POINTER: Final = re.compile(r"(/([^~/]|~[01])*)*", re.DOTALL)
Pointer = tuple[str, ...]


class NotEditableError(UserError):
    """This document cannot be corrected by these edits."""


@dataclass(frozen=True)
class Setting:
    """A value to be put in a place; its surroundings must be there."""

    pointer: Pointer
    value: Any


@dataclass(frozen=True)
class Removal:
    """A place to be emptied; nothing is done where there is nothing."""

    pointer: Pointer


Edit = Setting | Removal


def setting(text: str) -> Setting:
    """Read POINTER=JSON of a command line."""
    pointer, equals, value = text.partition("=")
    if not equals:
        message = f"{text} is not POINTER=JSON"
        raise ArgumentTypeError(message)
    try:
        return Setting(_pointer(pointer), json.loads(value))
    except (ValueError, RecursionError) as error:
        quoted = json.dumps(value, ensure_ascii=False)
        message = f"{value} is not JSON; for a text write --set '{pointer}={quoted}'"
        raise ArgumentTypeError(message) from error


def removal(text: str) -> Removal:
    """Read a POINTER of a command line."""
    pointer = _pointer(text)
    if not pointer:
        message = "the whole document cannot be removed; discard the record"
        raise ArgumentTypeError(message)
    return Removal(pointer)


def _pointer(text: str) -> Pointer:
    """Read a JSON pointer (RFC 6901)."""
    if not _POINTER.fullmatch(text):
        message = f"{text} is no JSON pointer; write one as /payment/currency or /items/0/price"
        raise ArgumentTypeError(message)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


class _RepeatedKeys(dict[str, Any]):
    """An object of which some keys stand more than once, and it is not known which one counts."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs)
        self.unclear = {name for name, count in counts.items() if count > 1}


def edited(value: bytes | None, edits: Sequence[Edit]) -> bytes:
    """Apply the edits in their order; return the value itself when nothing changes.

    Raises `NotEditableError`.
    """
    try:
        return _edited(value or b"", edits)
    except RecursionError as error:
        message = "its value is nested too deeply; give a whole document with --file"
        raise NotEditableError(message) from error


def _edited(value: bytes, edits: Sequence[Edit]) -> bytes:
    document = _parse(value)
    was_unclear, before = any(_unclear(document)), _written(document)
    for edit in edits:
        document = _apply(document, edit)
    for name in _unclear(document):
        message = f"{name} stands more than once; --set or --remove it, or give --file"
        raise NotEditableError(message)
    after = _written(document)
    return after if was_unclear or after != before else value


def _parse(value: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(value.decode("utf-8-sig"), object_pairs_hook=_members)
    except ValueError as error:
        message = f"its value cannot be read as JSON ({error}); give a whole document with --file"
        raise NotEditableError(message) from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _RepeatedKeys(pairs)


def _unclear(document: object) -> Iterator[str]:
    if isinstance(document, _RepeatedKeys):
        yield from sorted(document.unclear)
    if isinstance(document, dict | list):
        for member in document.values() if isinstance(document, dict) else document:
            yield from _unclear(member)


def _written(document: object) -> bytes:
    """Write compact JSON; half a surrogate pair has no UTF-8 form, so it is written as it came."""
    try:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(document, separators=(",", ":")).encode()


def _apply(document: Any, edit: Edit) -> Any:  # noqa: ANN401 - JSON
    if not edit.pointer:
        return copy.deepcopy(edit.value) if isinstance(edit, Setting) else document
    *parents, last = edit.pointer
    parent = document
    for depth, part in enumerate(parents, start=1):
        parent = _member(parent, part)
        if parent is None and isinstance(edit, Setting):
            message = f"there is no /{'/'.join(parents[:depth])} to set something in"
            raise NotEditableError(message)
    if isinstance(edit, Setting):
        _set(parent, last, copy.deepcopy(edit.value), edit.pointer)
    else:
        _remove(parent, last)
    return document


def _member(parent: object, part: str) -> object:
    if isinstance(parent, dict):
        return parent.get(part)
    if isinstance(parent, list) and (index := _index(part, len(parent))) is not None:
        return parent[index]
    return None


def _set(parent: object, part: str, value: object, pointer: Pointer) -> None:
    if isinstance(parent, dict):
        parent[part] = value
        _clear(parent, part)
    elif isinstance(parent, list) and part in {_APPEND, str(len(parent))}:
        parent.append(value)
    elif isinstance(parent, list) and (index := _index(part, len(parent))) is not None:
        parent[index] = value
    else:
        message = f"/{'/'.join(pointer)} is no place in this document"
        raise NotEditableError(message)


def _remove(parent: object, part: str) -> None:
    if isinstance(parent, dict):
        parent.pop(part, None)
        _clear(parent, part)
    elif isinstance(parent, list) and (index := _index(part, len(parent))) is not None:
        del parent[index]


def _clear(parent: dict[str, Any], name: str) -> None:
    if isinstance(parent, _RepeatedKeys):
        parent.unclear.discard(name)


def _index(part: str, length: int) -> int | None:
    """Read an index of RFC 6901: digits without a leading zero."""
    if not (part.isascii() and part.isdigit()) or part != str(int(part)):
        return None
    return int(part) if int(part) < length else None
