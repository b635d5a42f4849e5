"""Questions: how many records were sent in, what a reader asks next out."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random

from devstack.prove.load.records import Kind, Record, Records

_RECENT = 200
_FAVOURITES = 20
_COMING = 500


class Route(Enum):
    """What is asked about an order: a method and a path."""

    ORDER = ("GET", "/order/{}")
    HEAD = ("HEAD", "/order/{}")
    STATUS = ("GET", "/orders/{}/status")


_ROUTES = {Route.ORDER: 8, Route.HEAD: 1, Route.STATUS: 2}
"""Route → how often it is asked, of eleven times."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of the order of a good record, or of the id of a bad one."""

    route: Route
    record: Record

    @property
    def method(self) -> str:
        """Return the request's method."""
        return self.route.value[0]

    @property
    def path(self) -> str:
        """Return the request's path."""
        return self.route.value[1].format(self.record.key)


class Questions:
    """One reader's questions, about `records` as `record` makes them."""

    def __init__(self, records: Records, record: Callable[[int], Record], draw: Random) -> None:
        self._count = len(records)
        self._record = record
        self._draw = draw
        self._bad = [number for number in range(len(records)) if records.kind(number) is Kind.BAD]
        self._choices = (self._recent, self._old, self._favourite, self._spoilt, self._coming)

    def next(self, sent: int) -> Question:
        """Return what to ask when so many records were sent."""
        route = self._draw.choices(tuple(_ROUTES), tuple(_ROUTES.values()))[0]
        number = self._draw.choice(self._choices)(sent) if sent else self._coming(sent)
        record = self._record(number)
        if record.original is not None:  # its id is the original's
            record = self._record(record.original)
        return Question(route, record)

    def _recent(self, sent: int) -> int:
        return self._draw.randrange(max(0, sent - _RECENT), sent)

    def _old(self, sent: int) -> int:
        return self._draw.randrange(sent)

    def _favourite(self, sent: int) -> int:
        """Choose of a few that are asked for over and over, and so are cached."""
        return self._draw.randrange(min(sent, _FAVOURITES))

    def _spoilt(self, sent: int) -> int:
        bad = bisect_left(self._bad, sent)
        return self._bad[self._draw.randrange(bad)] if bad else self._old(sent)

    def _coming(self, sent: int) -> int:
        if sent == self._count:
            return self._old(sent)
        return self._draw.randrange(sent, min(sent + _COMING, self._count))
