"""Two levels: the orders that one environment keeps, before those that all of them share."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from orders.cache import CacheStats, Look, OrderCache, SecondLevelStats
from orders.errors import StoreUnavailableError
from orders.lookup import NewestReader
from orders.model import EncodedOrder


class SecondLevel(Protocol):
    """What environments share; its methods take little time and raise nothing."""

    def get(self, order_uid: str) -> EncodedOrder | None:
        """Return an order, or None when it is not there."""

    def get_all(self, order_uids: Sequence[str]) -> list[EncodedOrder]:
        """Return those orders that are there."""

    def put(self, order: EncodedOrder) -> None:
        """Keep an order."""

    def put_all(self, orders: Sequence[EncodedOrder]) -> None:
        """Keep orders."""

    def newest(self, most: int) -> list[str]:
        """Return the ids of the newest orders as they were a moment ago, or none."""

    def put_newest(self, most: int, order_uids: Sequence[str]) -> None:
        """Tell others for a moment which orders are the newest."""

    def stats(self) -> SecondLevelStats:
        """Return the counts so far."""


class TwoLevelCache:
    """A cache before another; that an order is absent is never shared, as it may change."""

    def __init__(self, first: OrderCache, second: SecondLevel) -> None:
        self._first = first
        self._second = second

    def look(self, order_uid: str, clock: Callable[[], float]) -> Look:
        """Tell what is known of an order; what the second level knows, the first keeps."""
        look = self._first.look(order_uid, clock)
        if look.order is not None:
            return look._replace(level="L1")
        started = clock()
        order = self._second.get(order_uid)
        seconds = {**look.seconds, "l2": clock() - started}
        if order:
            self._first.put(order)
        return Look(order, seconds, level="L2")

    def put(self, order: EncodedOrder) -> None:
        """Keep an order on both levels."""
        self._first.put(order)
        self._second.put(order)

    def put_absent(self, order_uid: str) -> None:
        """Remember for a moment that there was no such order."""
        self._first.put_absent(order_uid)

    def stats(self) -> CacheStats:
        """Return the counts so far of both levels."""
        return replace(self._first.stats(), second_level=self._second.stats())


class SharedNewest:
    """The newest orders as an environment before this one found them, else as the store does."""

    def __init__(self, second: SecondLevel, reader: NewestReader) -> None:
        self._second = second
        self._reader = reader

    def newest(self, most: int, *, seconds: float) -> list[str]:
        """Return the ids of the orders that came last, newest first."""
        known = self._second.newest(most)
        if known:
            return known
        found = self._reader.newest(most, seconds=seconds)
        if found:
            self._second.put_newest(most, found)
        return found

    def find_all(self, order_uids: Sequence[str], *, seconds: float) -> list[EncodedOrder]:
        """Return orders; with the store away, those that are shared."""
        found = {order.order_uid: order for order in self._second.get_all(order_uids)}
        missing = [order_uid for order_uid in order_uids if order_uid not in found]
        if missing:
            stored = self._stored(missing, seconds, may_fail=bool(found))
            found |= {order.order_uid: order for order in stored}
        return [found[order_uid] for order_uid in order_uids if order_uid in found]

    def _stored(
        self, order_uids: Sequence[str], seconds: float, *, may_fail: bool
    ) -> list[EncodedOrder]:
        try:
            stored = self._reader.find_all(order_uids, seconds=seconds)
        except StoreUnavailableError:
            if may_fail:
                return []
            raise
        self._second.put_all(stored)
        return stored
