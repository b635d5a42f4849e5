"""Differences: two JSON documents in, each place where they disagree out."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from orders.paths import Path, pointer


class Missing:
    """What stands for a value where one document has none."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = Missing()


class Difference(NamedTuple):
    """One place where a document that came differs from the one that is stored."""

    path: str
    """JSON pointer (RFC 6901)."""
    stored: Any
    received: Any


def between(stored: object, received: object) -> tuple[Difference, ...]:
    """Find the smallest values that differ, in the order of the stored document."""
    return tuple(_between(stored, received, ()))


def _between(stored: object, received: object, path: Path) -> Iterator[Difference]:
    if isinstance(stored, dict) and isinstance(received, dict):
        for key in [*stored, *(key for key in received if key not in stored)]:
            yield from _between(stored.get(key, MISSING), received.get(key, MISSING), (*path, key))
    elif isinstance(stored, list) and isinstance(received, list):
        for index in range(max(len(stored), len(received))):
            yield from _between(_entry(stored, index), _entry(received, index), (*path, index))
    elif type(stored) is not type(received) or stored != received:
        yield Difference(pointer(path), stored, received)


def _entry(entries: list[Any], index: int) -> object:
    return entries[index] if index < len(entries) else MISSING
