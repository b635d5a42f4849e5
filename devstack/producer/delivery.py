"""Produce records: a stream of them and where they go in, a summary of what arrived there out.

What the summary counts as produced was acknowledged there, and stands there once.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol, TypeVar

from devstack.producer.mix import Record

DELIVERY_SECONDS = 30
"""How long a record may be on its way."""

_SHOWN_ORDERS = 5

Acknowledged = Callable[[Record], None]
Paced = TypeVar("Paced")


class Destination(Protocol):
    """Where records go; all of it raises `UserError` when one could not be delivered."""

    @property
    def topic(self) -> str:
        """Return what events say that the records come from."""

    @property
    def title(self) -> str:
        """Name it for people."""

    @property
    def partitions(self) -> int:
        """Return how many it has."""

    @property
    def bad_kinds(self) -> Sequence[str]:
        """Return the kinds of bad records that can be sent there."""

    def send(self, record: Record, acknowledged: Acknowledged) -> None:
        """Send a record, waiting while too many are on their way; `acknowledged` is told once."""

    def wait(self, seconds: float) -> None:
        """Let acknowledgements come in for at most `seconds`."""

    def finish(self) -> None:
        """Wait until every record is acknowledged."""


@dataclass(frozen=True)
class Summary:
    """What came of producing."""

    topic: str
    partitions: int
    produced: int
    valid: int
    bad: Mapping[str, int]
    """Kind of bad record → how many."""
    duplicates: int
    """Orders sent more than once: none, ids are never repeated."""
    seconds: float
    order_uids: tuple[str, ...]
    """The first few valid orders, to look at."""


def produce(
    records: Iterable[Record],
    destination: Destination,
    *,
    rate: float | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Send records, and return when all of them are acknowledged.

    `rate` is in records a second; None: as fast as they are taken. `on_progress` hears how many
    were acknowledged so far. Raises `UserError` for the first one that could not be delivered.
    """
    tally = Tally(on_progress)
    started = time.monotonic()
    for record in paced(records, rate, destination.wait):
        destination.send(record, tally.acknowledged)
    destination.finish()
    return Summary(
        topic=destination.topic,
        partitions=destination.partitions,
        produced=tally.produced,
        valid=tally.produced - tally.bad.total(),
        bad=dict(tally.bad),
        duplicates=0,
        seconds=round(time.monotonic() - started, 3),
        order_uids=tuple(tally.first_valid),
    )


class Tally:
    """Counts what was acknowledged."""

    def __init__(self, on_progress: Callable[[int], None]) -> None:
        self.produced = 0
        self.bad: Counter[str] = Counter()
        self.first_valid: list[str] = []
        self._on_progress = on_progress

    def acknowledged(self, record: Record) -> None:
        """Count one more."""
        self.produced += 1
        if record.bad:
            self.bad[record.bad] += 1
        elif len(self.first_valid) < _SHOWN_ORDERS:
            self.first_valid.append(record.order_uid)
        self._on_progress(self.produced)


def paced(
    records: Iterable[Paced],
    rate: float | None,
    wait: Callable[[float], object],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Paced]:
    """Yield each record when it is due: number n at n / `rate` seconds; lateness never adds up."""
    started = clock()
    for number, record in zip(count(), records, strict=False):
        if rate:
            while (left := started + number / rate - clock()) > 0:
                wait(left)
        yield record
