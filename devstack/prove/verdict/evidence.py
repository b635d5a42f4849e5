"""The evidence: PostgreSQL and a broker in, what they hold, read in slices of bounded size, out.

All of PostgreSQL is read in one snapshot, by SQL of its own: what is judged is not asked.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pg8000.native import Connection

from devstack.prove.brokers.broker import Progress
from devstack.prove.verdict.offsets import Run

SLICE_ROWS = 1000

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_ORDERS = """
DECLARE stored NO SCROLL CURSOR FOR
SELECT
    order_uid, topic, partition, record_offset,
    (extract(epoch FROM produced_at) * 1000)::bigint,
    (extract(epoch FROM date_created) * 1000)::bigint,
    encode(content_digest, 'hex'),
    list.positions,
    json_build_object(
        'order_uid', order_uid,
        'track_number', track_number,
        'entry', entry,
        'delivery', (
            SELECT json_build_object(
                'name', name, 'phone', phone, 'zip', zip, 'city', city, 'address', address,
                'region', region, 'email', email
            ) FROM deliveries WHERE deliveries.order_uid = orders.order_uid
        ),
        'payment', (
            SELECT json_build_object(
                'transaction', transaction, 'request_id', request_id, 'currency', currency,
                'provider', provider, 'amount', amount, 'payment_dt', payment_dt, 'bank', bank,
                'delivery_cost', delivery_cost, 'goods_total', goods_total,
                'custom_fee', custom_fee
            ) FROM payments WHERE payments.order_uid = orders.order_uid
        ),
        'items', list.items,
        'locale', locale,
        'internal_signature', internal_signature,
        'customer_id', customer_id,
        'delivery_service', delivery_service,
        'shardkey', shardkey,
        'sm_id', sm_id,
        'date_created', date_created_text,
        'oof_shard', oof_shard
    )
FROM orders CROSS JOIN LATERAL (
    SELECT
        coalesce(json_agg(position ORDER BY position), '[]') AS positions,
        coalesce(json_agg(json_build_object(
            'chrt_id', chrt_id, 'track_number', track_number, 'price', price, 'rid', rid,
            'name', name, 'sale', sale, 'size', size, 'total_price', total_price,
            'nm_id', nm_id, 'brand', brand, 'status', status
        ) ORDER BY position), '[]') AS items
    FROM items WHERE items.order_uid = orders.order_uid
) AS list
"""
_QUARANTINED = """
DECLARE quarantined NO SCROLL CURSOR FOR
SELECT
    topic, partition, record_offset, (extract(epoch FROM produced_at) * 1000)::bigint,
    key, value, code, state, stored_order_uid
FROM quarantined_records ORDER BY id
"""
_LEDGER = """
SELECT
    partition, duplicates,
    ARRAY(SELECT lower(run) FROM unnest(offsets) AS run ORDER BY 1),
    ARRAY(SELECT upper(run) FROM unnest(offsets) AS run ORDER BY 1)
FROM ingested_offsets WHERE topic = :topic
"""


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order with its parts, put together again from the four tables."""

    order_uid: str
    topic: str | None
    partition: int | None
    offset: int | None
    produced_at_ms: int | None
    created_ms: int
    """What queries by time go by."""
    digest: str
    positions: list[int]
    """Of the items, in their order."""
    document: dict[str, Any]
    """In the model's field order; a part without a row is null."""


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """A row of the quarantine."""

    topic: str
    partition: int
    offset: int
    produced_at_ms: int | None
    key: bytes | None
    value: bytes | None
    code: str
    state: str
    stored_order_uid: str | None


@dataclass(frozen=True, slots=True)
class Settled:
    """The ledger of one partition."""

    runs: tuple[Run, ...]
    duplicates: int


@dataclass(frozen=True)
class Evidence:
    """What is there; orders and quarantine are read once, while they are walked through."""

    topic: str
    orders: Iterable[StoredOrder]
    quarantined: Iterable[QuarantinedRecord]
    ledger: Mapping[int, Settled]
    """By partition."""
    progress: Progress
    """Where each partition of the topic ends, and where the group goes on."""

    def settled(self, partition: int) -> Settled:
        """Return the ledger of a partition."""
        return self.ledger.get(partition, Settled((), 0))


@contextmanager
def gathered(connection: Connection, topic: str, progress: Progress) -> Iterator[Evidence]:
    """Give what PostgreSQL holds beside the broker, for as long as the `with` block lasts."""
    connection.run(_BEGIN)
    try:
        orders = (StoredOrder(*row) for row in _fetched(connection, _ORDERS, "stored"))
        rows = _fetched(connection, _QUARANTINED, "quarantined")
        quarantined = (QuarantinedRecord(*row) for row in rows)
        yield Evidence(topic, orders, quarantined, _ledger(connection, topic), progress)
    finally:
        connection.run("ROLLBACK")


def _fetched(connection: Connection, declaration: str, cursor: str) -> Iterator[list[Any]]:
    connection.run(declaration)
    while rows := connection.run(f"FETCH {SLICE_ROWS} FROM {cursor}"):
        yield from rows


def _ledger(connection: Connection, topic: str) -> dict[int, Settled]:
    rows = connection.run(_LEDGER, topic=topic)
    return {
        partition: Settled(tuple(zip(firsts, ends, strict=True)), duplicates)
        for partition, duplicates, firsts, ends in rows or ()
    }
