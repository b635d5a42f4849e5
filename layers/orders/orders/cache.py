"""Cache: ready-encoded orders of one warm execution environment, the least recently used evicted.

Bounded by entries and by bytes. Orders never change, so an entry is right as long as it is kept;
that an order is absent may change at any time, so that is believed for a moment only, and only of
an id that was found absent twice: who looks, posts the order and looks again shall see it.
"""

import sys
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, NamedTuple

from orders.model import EncodedOrder

LARGEST_BYTES: Final = 64 * 2**20
ABSENT_SECONDS: Final = 1.0


class Absent(Enum):
    """The answer for an order that was found absent a moment ago."""

    ABSENT = "absent"


class _Sighting(NamedTuple):
    """That an order was found absent, and again within a moment."""

    until: float
    is_second: bool


class Look(NamedTuple):
    """What a cache knows of an order, and how long each of its levels took, in seconds."""

    order: EncodedOrder | Absent | None
    seconds: Mapping[str, float]
    level: str = ""
    """The one that was asked last, where there are two."""


@dataclass(frozen=True)
class SecondLevelStats:
    """What the environment found in the cache that it shares with others."""

    hits: int
    misses: int
    rejected: int
    """Values that were none of ours."""
    faults: int
    """Answers that did not come, came late, or refused."""
    skipped: int
    """Look-ups that did not ask, as the circuit was open."""
    hit_ratio: float
    circuit: Literal["closed", "open", "half-open"]


@dataclass(frozen=True)
class CacheStats:
    """What a cache did since its environment started."""

    hits: int
    misses: int
    negative_hits: int
    size: int
    capacity: int
    evictions: int
    hit_ratio: float
    environment_id: str
    environment_age_seconds: float
    second_level: SecondLevelStats | None


class OrderCache:
    """At most `capacity` orders and as many ids of absent ones; 0 switches it off."""

    def __init__(
        self,
        capacity: int,
        *,
        largest_bytes: int = LARGEST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.capacity = capacity
        self._largest_bytes = largest_bytes
        self._clock = clock
        self._orders: OrderedDict[str, EncodedOrder] = OrderedDict()
        self._bytes = 0
        self._absent: OrderedDict[str, _Sighting] = OrderedDict()
        self._hits = self._misses = self._negative_hits = self._evictions = 0
        self.begin()

    def begin(self) -> None:
        """Begin an environment's life: an id of its own, and an age that counts from now."""
        self._started = self._clock()
        self._environment_id = uuid.uuid4().hex

    def get(self, order_uid: str) -> EncodedOrder | Absent | None:
        """Return the order, that it was absent a moment ago, or None when that is not known."""
        order = self._orders.get(order_uid)
        if order:
            self._hits += 1
            self._orders.move_to_end(order_uid)
            return order
        sighting = self._absent.get(order_uid)
        if sighting and sighting.is_second and sighting.until > self._clock():
            self._negative_hits += 1
            return Absent.ABSENT
        self._misses += 1
        return None

    def look(self, order_uid: str, clock: Callable[[], float]) -> Look:
        """Do the same, and tell how long it took."""
        started = clock()
        return Look(self.get(order_uid), {"cache": clock() - started})

    def put(self, order: EncodedOrder) -> None:
        """Keep an order as the most recently used."""
        self._absent.pop(order.order_uid, None)
        if order.order_uid not in self._orders and _size(order) <= self._largest_bytes:
            self._orders[order.order_uid] = order
            self._bytes += _size(order)
            self._evict()

    def put_absent(self, order_uid: str) -> None:
        """Remember for a moment that there was no such order."""
        now = self._clock()
        before = self._absent.get(order_uid)
        again = before is not None and before.until > now
        self._absent[order_uid] = _Sighting(now + ABSENT_SECONDS, is_second=again)
        self._absent.move_to_end(order_uid)
        while len(self._absent) > self.capacity:
            self._absent.popitem(last=False)

    def stats(self) -> CacheStats:
        """Return the counts so far."""
        asked = self._hits + self._misses + self._negative_hits
        return CacheStats(
            hits=self._hits,
            misses=self._misses,
            negative_hits=self._negative_hits,
            size=len(self._orders),
            capacity=self.capacity,
            evictions=self._evictions,
            hit_ratio=round(self._hits / asked, 4) if asked else 0.0,
            environment_id=self._environment_id,
            environment_age_seconds=round(self._clock() - self._started, 3),
            second_level=None,
        )

    def _evict(self) -> None:
        while len(self._orders) > self.capacity or self._bytes > self._largest_bytes:
            _, order = self._orders.popitem(last=False)
            self._bytes -= _size(order)
            self._evictions += self.capacity > 0


def _size(order: EncodedOrder) -> int:
    return sys.getsizeof(order.body)
