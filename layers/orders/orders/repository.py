"""Repository: the only SQL. Orders, refused records and offsets in; stored orders out.

Whole batches are written as sets: arrays for the orders, since only PostgreSQL knows which ids are
free, and COPY for their parts. An order is read by one statement that builds its canonical JSON.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from orders import literals
from orders.database import Database, Session
from orders.model import EncodedOrder
from orders.record import Record
from orders.validation import Accepted, Refused

T = TypeVar("T")

_LOCK_LEDGER: Final = """
SELECT topic, partition FROM ingested_offsets
WHERE (topic, partition) IN (SELECT * FROM unnest(:topics::text[], :partitions::integer[]))
ORDER BY topic, partition FOR UPDATE
"""
_OPEN_LEDGER: Final = """
INSERT INTO ingested_offsets (topic, partition)
SELECT * FROM unnest(:topics::text[], :partitions::integer[]) ON CONFLICT DO NOTHING
"""
_NOTE_OFFSETS: Final = """
UPDATE ingested_offsets AS ledger SET
    duplicates = ledger.duplicates + (
        SELECT coalesce(sum(upper(run) - lower(run)), 0)
        FROM unnest(batch.duplicates::int8multirange - ledger.offsets) AS run
    ),
    offsets = ledger.offsets + batch.offsets::int8multirange
FROM unnest(:topics::text[], :partitions::integer[], :offsets::text[], :duplicates::text[])
    AS batch (topic, partition, offsets, duplicates)
WHERE (ledger.topic, ledger.partition) = (batch.topic, batch.partition)
"""
_INSERT_ORDERS: Final = """
INSERT INTO orders (
    order_uid, track_number, entry, locale, internal_signature, customer_id, delivery_service,
    shardkey, sm_id, date_created, date_created_text, oof_shard,
    topic, partition, record_offset, produced_at, content_digest
)
SELECT
    order_uid, track_number, entry, locale, internal_signature, customer_id, delivery_service,
    shardkey, sm_id, date_created::timestamptz, date_created, oof_shard,
    topic, partition, record_offset, to_timestamp(produced_at_ms / 1000.0), decode(digest, 'hex')
FROM unnest(
    :order_uid::text[], :track_number::text[], :entry::text[], :locale::text[],
    :internal_signature::text[], :customer_id::text[], :delivery_service::text[],
    :shardkey::text[], :sm_id::bigint[], :date_created::text[], :oof_shard::text[],
    :topic::text[], :partition::integer[], :record_offset::bigint[], :produced_at_ms::bigint[],
    :digest::text[]
) AS batch (
    order_uid, track_number, entry, locale, internal_signature, customer_id, delivery_service,
    shardkey, sm_id, date_created, oof_shard, topic, partition, record_offset, produced_at_ms,
    digest
)
ON CONFLICT DO NOTHING
RETURNING order_uid
"""
_DIGESTS: Final = """
SELECT order_uid, encode(content_digest, 'hex') FROM orders WHERE order_uid = ANY(:uids::text[])
"""
_COPY_DELIVERIES: Final = """
COPY deliveries (order_uid, name, phone, zip, city, address, region, email) FROM STDIN
"""
_COPY_PAYMENTS: Final = """
COPY payments (order_uid, transaction, request_id, currency, provider, amount, payment_dt, bank,
    delivery_cost, goods_total, custom_fee) FROM STDIN
"""
_COPY_ITEMS: Final = """
COPY items (order_uid, position, chrt_id, track_number, price, rid, name, sale, size, total_price,
    nm_id, brand, status) FROM STDIN
"""
# A record whose order is stored stays so, even if stricter rules meet its redelivery.
_QUARANTINE: Final = """
INSERT INTO quarantined_records (
    topic, partition, record_offset, produced_at, timestamp_type, key, value, headers,
    code, faults, order_uid, validator_version
)
SELECT
    topic, partition, record_offset, to_timestamp(produced_at_ms / 1000.0), timestamp_type,
    decode(key, 'base64'), decode(value, 'base64'), headers,
    code, faults, order_uid, validator_version
FROM json_to_recordset(:records::json) AS refused (
    topic text, partition integer, record_offset bigint, produced_at_ms bigint,
    timestamp_type text, key text, value text, headers jsonb,
    code text, faults jsonb, order_uid text, validator_version integer
)
WHERE NOT EXISTS (
    SELECT FROM orders
    WHERE orders.order_uid = refused.order_uid
    AND (orders.topic, orders.partition, orders.record_offset)
        = (refused.topic, refused.partition, refused.record_offset)
    AND orders.produced_at IS NOT DISTINCT FROM to_timestamp(refused.produced_at_ms / 1000.0)
)
ON CONFLICT DO NOTHING
"""
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
_ONE_DOCUMENT: Final = _DOCUMENTS + "WHERE orders.order_uid = :uid::text"
_SOME_DOCUMENTS: Final = _DOCUMENTS + "WHERE orders.order_uid = ANY(:uids::text[])"
_NEWEST: Final = """
SELECT order_uid FROM orders ORDER BY ingested_at DESC, order_uid DESC LIMIT :most::integer
"""
_IS_MIGRATED: Final = """
SELECT EXISTS (SELECT FROM schema_migrations WHERE version = :version::text)
"""


class PostgresOrderStore:
    """Where ingestion keeps orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transact(self, work: Callable[["PostgresTransaction"], T], *, seconds: float) -> T:
        """Do the work in one transaction of at most so many seconds.

        Raises InvalidRequestError when PostgreSQL refuses the data, or StoreUnavailableError.
        """
        return self._database.transact(
            lambda session: work(PostgresTransaction(session)), seconds=seconds
        )


class PostgresTransaction:
    """One open transaction of ingestion."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock_ledger(self, partitions: Collection[tuple[str, int]]) -> None:
        """Lock the ledger's rows of these partitions in one order for all writers."""
        topics, numbers = zip(*sorted(partitions), strict=True)
        rows = {"topics": literals.texts(topics), "partitions": literals.numbers(numbers)}
        if len(self._session.run(_LOCK_LEDGER, **rows)) < len(partitions):
            self._session.run(_OPEN_LEDGER, **rows)
            self._session.run(_LOCK_LEDGER, **rows)

    def insert_orders(self, accepted: Sequence[Accepted]) -> set[str]:
        """Insert the orders whose ids are free, with their parts; return those ids."""
        if not accepted:
            return set()
        rows = self._session.run(_INSERT_ORDERS, **literals.order_columns(accepted))
        inserted = {uid for (uid,) in rows}
        new = [one for one in accepted if one.order.order_uid in inserted]
        if new:
            self._session.copy(
                _COPY_DELIVERIES, literals.copy_text(map(literals.delivery_row, new))
            )
            self._session.copy(_COPY_PAYMENTS, literals.copy_text(map(literals.payment_row, new)))
            self._session.copy(_COPY_ITEMS, literals.copy_text(literals.item_rows(new)))
        return inserted

    def digests(self, order_uids: Collection[str]) -> Mapping[str, bytes]:
        """Return the content digests of stored orders."""
        if not order_uids:
            return {}
        rows = self._session.run(_DIGESTS, uids=literals.texts(order_uids))
        return {uid: bytes.fromhex(digest) for uid, digest in rows}

    def quarantine(self, refused: Sequence[Refused]) -> None:
        """Keep the records and the reasons; a record that is kept already stays as it is."""
        if refused:
            self._session.run(
                _QUARANTINE, records=json.dumps([literals.refused_row(r) for r in refused])
            )

    def note_offsets(self, records: Sequence[Record], duplicates: Sequence[Record]) -> None:
        """Enter the offsets into the ledger; count the duplicates that are new to it."""
        offsets, repeated = _offsets(records), _offsets(duplicates)
        topics, numbers = zip(*offsets, strict=True)
        self._session.run(
            _NOTE_OFFSETS,
            topics=literals.texts(topics),
            partitions=literals.numbers(numbers),
            offsets=literals.texts(map(literals.multirange, offsets.values())),
            duplicates=literals.texts(
                literals.multirange(repeated.get(partition, [])) for partition in offsets
            ),
        )


class PostgresOrderReader:
    """Where look-ups find orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, order_uid: str, *, seconds: float) -> EncodedOrder | None:
        """Return a stored order, or None.

        Raises StoreUnavailableError after about so many seconds.
        """
        rows = self._database.read(
            lambda session: session.run(_ONE_DOCUMENT, uid=order_uid), seconds=seconds
        )
        return _encoded(*rows[0]) if rows else None

    def newest(self, most: int, *, seconds: float) -> list[str]:
        """Return the ids of the orders that came last, newest first."""
        rows = self._database.read(
            lambda session: session.run(_NEWEST, most=str(most)), seconds=seconds
        )
        return [uid for (uid,) in rows]

    def find_all(self, order_uids: Sequence[str], *, seconds: float) -> list[EncodedOrder]:
        """Return stored orders in the order of their ids as given."""
        rows = self._database.read(
            lambda session: session.run(_SOME_DOCUMENTS, uids=literals.texts(order_uids)),
            seconds=seconds,
        )
        found = {row[0]: _encoded(*row) for row in rows}
        return [found[uid] for uid in order_uids if uid in found]

    def is_migrated(self, version: str, *, seconds: float) -> bool:
        """Tell whether the schema has this migration."""
        rows = self._database.read(
            lambda session: session.run(_IS_MIGRATED, version=version), seconds=seconds
        )
        return bool(rows[0][0])


def _encoded(order_uid: str, digest: str, body: str) -> EncodedOrder:
    return EncodedOrder(order_uid, body, digest)


def _offsets(records: Iterable[Record]) -> dict[tuple[str, int], list[int]]:
    found: dict[tuple[str, int], list[int]] = {}
    for record in records:
        found.setdefault((record.topic, record.partition), []).append(record.offset)
    return found
