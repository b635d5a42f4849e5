"""Watching: PostgreSQL's ledger in, samples of how far work has come, while it goes on, out.

Every moment is in seconds since the proof began. What a sample says was so at its moment at the
latest, and stays so: a record that has its fate keeps it.
"""

import struct
from bisect import bisect_left
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from pg8000.exceptions import Error
from pg8000.native import Connection

from devstack.prove.arena.stack import GoneError
from devstack.prove.background import Background
from devstack.prove.load.places import Places

EVERY_SECONDS = 0.2
MOST_SECONDS = 1.0
"""How long a server that hangs is waited for."""
_AWAY = (GoneError, OSError, Error, struct.error)  # the last: an answer that breaks off
_SETTLED = """
SELECT
    partition,
    (SELECT coalesce(sum(upper(run) - lower(run)), 0)::bigint FROM unnest(offsets) AS run),
    (SELECT coalesce(min(upper(run)) FILTER (WHERE lower(run) = :first), 0)
        FROM unnest(offsets) AS run)
FROM ingested_offsets WHERE topic = :topic
"""


class Load(Protocol):
    """What was produced so far: `devstack.prove.load.producing.Producing`."""

    places: Places
    next_number: int
    by_partition: dict[int, int]


@dataclass(frozen=True)
class Sample:
    """How far work had come at a moment."""

    at: float
    acknowledged: int
    settled: int
    by_partition: Mapping[int, int]
    """How many records have a fate in each."""


class _Sight(NamedTuple):
    """All that was seen at once: what was produced when it began, then what was settled."""

    began: float
    sent: int
    acknowledged: dict[int, int]
    """In each partition."""
    settled_before: dict[int, int]
    """In each partition, the offset before which every record has a fate."""
    sample: Sample

    def goes_on(self, partition: int, waited: int) -> bool:
        """Tell whether more than `waited` records have a fate, or none is left to get one."""
        settled = self.sample.by_partition.get(partition, 0)
        is_settled = settled >= self.acknowledged[partition]
        return settled > waited or (is_settled and self.sent == self.sample.acknowledged)


class Watching(Background):
    """Looks while PostgreSQL answers.

    `connect` gives a connection on which no wait lasts longer than so many seconds, or raises
    GoneError.
    """

    def __init__(
        self,
        connect: Callable[[float], Connection],
        load: Load,
        *,
        topic: str,
        first_offset: int,
        now: Callable[[], float],
    ) -> None:
        super().__init__("watching")
        self._connect = connect
        self._load = load
        self._topic = topic
        self._first_offset = first_offset
        self._now = now
        self._connection: Connection | None = None
        self._sights: list[_Sight] = []

    @property
    def samples(self) -> list[Sample]:
        """Return what was seen so far, oldest first."""
        return [sight.sample for sight in self._sights]

    def moved(self, since: float) -> float | None:
        """Return when work was seen to go on in every partition; None: not yet.

        It goes on where a record has its fate that was acknowledged after `since`, and so all
        that had waited before it has; or where nothing waits any more.
        """
        first = bisect_left(self._sights, since, key=lambda sight: sight.began)
        sights = self._sights[first:]
        for sight in sights:
            waited = sights[0].acknowledged
            if all(sight.goes_on(one, waited.get(one, 0)) for one in sight.acknowledged):
                return sight.sample.at
        return None

    def settled_at(self, number: int) -> float | None:
        """Return when a record was first seen to have its fate; None: not yet."""
        place = self._load.places[number]
        if place is None:
            return None
        found = bisect_left(
            self._sights,
            place.offset + 1,
            key=lambda sight: sight.settled_before.get(place.partition, 0),
        )
        return self._sights[found].sample.at if found < len(self._sights) else None

    def work(self) -> None:
        """Look again and again; the last time when the end was asked for."""
        try:
            while not self.stopping.wait(EVERY_SECONDS):
                self.look()
            self.look()
        finally:
            self._leave()

    def look(self) -> None:
        """Take a sample, unless PostgreSQL does not answer."""
        try:
            self._connection = self._connection or self._connect(MOST_SECONDS)
            self._sights.append(self._sight(self._connection))
        except _AWAY:
            self._leave()

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        with suppress(*_AWAY):
            if connection:
                connection.close()

    def _sight(self, connection: Connection) -> _Sight:
        began, sent = self._now(), self._load.next_number
        acknowledged = dict(self._load.by_partition)
        rows = connection.run(_SETTLED, topic=self._topic, first=self._first_offset) or []
        settled = {partition: count for partition, count, _ in rows}
        sample = Sample(self._now(), sum(acknowledged.values()), sum(settled.values()), settled)
        settled_before = {partition: end for partition, _, end in rows}
        return _Sight(began, sent, acknowledged, settled_before, sample)
