"""Documents: stored orders as the canonical JSON that they came as, built by one statement."""

from collections.abc import Collection
from typing import Final

from orders import literals
from orders.database import Session
from orders.model import EncodedOrder

# The canonical JSON: compact, in the model's order; row_to_json and array_to_json add no blanks.
_DOCUMENTS: Final = """
SELECT orders.order_uid, encode(content_digest, 'hex'), (
    SELECT row_to_json(document)::text FROM (SELECT
        orders.order_uid, orders.track_number, orders.entry,
        (SELECT row_to_json(part) FROM (
            SELECT name, phone, zip, city, address, region, email
            FROM deliveries WHERE deliveries.order_uid = orders.order_uid
        ) AS part) AS delivery,
        (SELECT row_to_json(part) FROM (
            SELECT transaction, request_id, currency, provider, amount, payment_dt, bank,
                delivery_cost, goods_total, custom_fee
            FROM payments WHERE payments.order_uid = orders.order_uid
        ) AS part) AS payment,
        (SELECT array_to_json(array_agg(row_to_json(part))) FROM (
            SELECT chrt_id, track_number, price, rid, name, sale, size, total_price, nm_id, brand,
                status
            FROM items WHERE items.order_uid = orders.order_uid ORDER BY position
        ) AS part) AS items,
        orders.locale, orders.internal_signature, orders.customer_id, orders.delivery_service,
        orders.shardkey, orders.sm_id, orders.date_created_text AS date_created, orders.oof_shard
    ) AS document
)
FROM orders
"""
_ONE: Final = _DOCUMENTS + "WHERE orders.order_uid = :uid::text"
_SOME: Final = _DOCUMENTS + "WHERE orders.order_uid = ANY(:uids::text[])"


def one(session: Session, order_uid: str) -> EncodedOrder | None:
    """Return a stored order, or None."""
    rows = session.run(_ONE, uid=order_uid)
    return _encoded(*rows[0]) if rows else None


def some(session: Session, order_uids: Collection[str]) -> dict[str, EncodedOrder]:
    """Return stored orders by their ids."""
    rows = session.run(_SOME, uids=literals.texts(order_uids))
    return {row[0]: _encoded(*row) for row in rows}


def _encoded(order_uid: str, digest: str, body: str) -> EncodedOrder:
    return EncodedOrder(order_uid, body, digest)
