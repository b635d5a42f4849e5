"""Mix records: a count, a seed and a share of bad ones in, records in their order out.

The same arguments give the same records, byte for byte; exactly the asked share of them is bad, and
the kinds take turns.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from devstack.producer.bad_records import KINDS
from devstack.producer.orders import encode, order


@dataclass(frozen=True, slots=True)
class Record:
    """What is sent; the key is the order's id, for bad records too."""

    order_uid: str
    value: bytes | None
    bad: str | None = None
    """The kind of bad record; None: a valid order."""


def records(
    count: int, *, seed: int, bad_rate: float = 0, kinds: Sequence[str] = tuple(KINDS)
) -> Iterator[Record]:
    """Yield `count` records, of which `bad_rate` (0 to 1, rounded to whole records) are bad."""
    places = sorted(_draw(seed).sample(range(count), round(count * bad_rate)))
    spoilt = {place: kinds[turn % len(kinds)] for turn, place in enumerate(places)}
    for number in range(count):
        kind = spoilt.get(number)
        yield valid_record(seed, number) if kind is None else bad_record(kind, seed, number)


def valid_record(seed: int, number: int) -> Record:
    """Make a record of order `number` of `seed`."""
    whole = order(seed, number)
    return Record(whole["order_uid"], encode(whole))


def bad_record(kind: str, seed: int, number: int) -> Record:
    """Make a record of order `number` of `seed`, spoiled the way `kind` names."""
    whole = order(seed, number)
    return Record(whole["order_uid"], KINDS[kind].spoil(whole), bad=kind)


def _draw(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable, guards nothing
