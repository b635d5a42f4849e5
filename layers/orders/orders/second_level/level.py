"""Level: orders in, keys and values out, and back.

An order comes back only as it was put in, under its own id and of its own database.
"""

from collections.abc import Sequence
from typing import Final

from orders.cache import SecondLevelStats
from orders.model import EncodedOrder
from orders.second_level.client import Client, Entry
from orders.second_level.sealing import seal_ids, seal_order, unseal_ids, unseal_order

FORMAT: Final = 1
"""Of keys and values: what another version wrote is never read."""
NEWEST_SECONDS: Final = 60
"""How long it is told which orders are the newest."""


class ValkeySecondLevel:
    """The orders of one database."""

    def __init__(self, client: Client, database: str, *, ttl_seconds: int) -> None:
        self._client = client
        self._prefix = f"serverless-orders:{FORMAT}:{database}:".encode()
        self._ttl_seconds = ttl_seconds
        self._hits = self._misses = self._rejected = 0

    def get(self, order_uid: str) -> EncodedOrder | None:
        """Return an order, or None when it is not there."""
        return next(iter(self.get_all([order_uid])), None)

    def get_all(self, order_uids: Sequence[str]) -> list[EncodedOrder]:
        """Return those orders that are there."""
        keys = [self._key(order_uid) for order_uid in order_uids]
        found: list[EncodedOrder] = []
        for order_uid, key, value in zip(order_uids, keys, self._client.read(keys), strict=False):
            order = unseal_order(key, order_uid, value)
            self._count(value, is_known=order is not None)
            found += [order] if order else []
        return found

    def put(self, order: EncodedOrder) -> None:
        """Keep an order."""
        self.put_all([order])

    def put_all(self, orders: Sequence[EncodedOrder]) -> None:
        """Keep orders."""
        self._client.write([self._entry(order) for order in orders])

    def newest(self, most: int) -> list[str]:
        """Return the ids of the newest orders as they were a moment ago, or none."""
        key = self._newest_key(most)
        for value in filter(None, self._client.read([key])):
            order_uids = unseal_ids(key, value)
            self._rejected += order_uids is None
            return order_uids or []
        return []

    def put_newest(self, most: int, order_uids: Sequence[str]) -> None:
        """Tell others for a moment which orders are the newest."""
        key = self._newest_key(most)
        self._client.write([Entry(key, seal_ids(key, order_uids), NEWEST_SECONDS)])

    def stats(self) -> SecondLevelStats:
        """Return the counts so far."""
        asked = self._hits + self._misses + self._rejected
        return SecondLevelStats(
            hits=self._hits,
            misses=self._misses,
            rejected=self._rejected,
            faults=self._client.faults,
            skipped=self._client.skipped,
            hit_ratio=round(self._hits / asked, 4) if asked else 0.0,
            circuit=self._client.circuit.state,
        )

    def close(self) -> None:
        """Close the warm connection, if there is one."""
        self._client.close()

    def _key(self, order_uid: str) -> bytes:
        return self._prefix + b"order:" + order_uid.encode()

    def _newest_key(self, most: int) -> bytes:
        return self._prefix + b"newest:%d" % most

    def _entry(self, order: EncodedOrder) -> Entry:
        key = self._key(order.order_uid)
        return Entry(key, seal_order(key, order), self._ttl_seconds)

    def _count(self, value: bytes, *, is_known: bool) -> None:
        if is_known:
            self._hits += 1
        elif value:
            self._rejected += 1
        else:
            self._misses += 1
