"""Outcome: exchanges of a load in, whether they were right and how long they took out."""

import re
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus

from bench.cache.load import Exchange
from bench.cache.stored import StoredOrders

_MOST_SHOWN = 5
_TIMING = re.compile(r"(\w+);dur=([\d.]+)")


@dataclass
class Outcome:
    """What a load of look-ups, each of an order that is stored, came to."""

    orders: StoredOrders
    asked: int = 0
    places: Counter[str] = field(default_factory=Counter)
    """X-Cache → how many answers said so."""
    wrong: list[str] = field(default_factory=list)
    """What was not answered with the order: the first few."""
    wrong_count: int = 0
    seconds: list[float] = field(default_factory=list)
    second_level_seconds: list[float] = field(default_factory=list)
    """How long those waited that looked in the second level, as the function tells it."""
    function_seconds: list[float] = field(default_factory=list)
    """How long the function looked, in all places."""

    def take(self, exchange: Exchange) -> None:
        """Count an exchange."""
        answer = exchange.answer
        self.asked += 1
        self.seconds.append(exchange.seconds)
        self.places[answer.headers.get("x-cache", str(answer.status))] += 1
        self._time(answer.headers.get("server-timing", ""))
        uid, etag = exchange.path.rpartition("/")[2], answer.headers.get("etag", "")
        if answer.status != HTTPStatus.OK or not self.orders.is_right(uid, etag, answer.body):
            self._note(f"{exchange.path}: {answer.status} {answer.body[:160]!r}")

    @property
    def p50_ms(self) -> float:
        """Return the median, from the time of a request to its answer."""
        return _percentile_ms(self.seconds, 0.5)

    @property
    def p99_ms(self) -> float:
        """Return what one answer in a hundred takes longer than."""
        return _percentile_ms(self.seconds, 0.99)

    @property
    def function_p99_ms(self) -> float:
        """Return what one look-up in a hundred takes longer than in the function itself."""
        return _percentile_ms(self.function_seconds, 0.99)

    def _time(self, server_timing: str) -> None:
        took = {name: float(ms) / 1000 for name, ms in _TIMING.findall(server_timing)}
        self.function_seconds.append(sum(took.values()))
        if "l2" in took:
            self.second_level_seconds.append(took["l2"])

    def _note(self, what: str) -> None:
        self.wrong_count += 1
        if len(self.wrong) < _MOST_SHOWN:
            self.wrong.append(what)


def _percentile_ms(seconds: list[float], share: float) -> float:
    return 1000 * sorted(seconds)[int(share * (len(seconds) - 1))] if seconds else 0.0
