"""Writing: judged records in, their rows and the ledger's in one transaction out.

Whole batches are written as sets: arrays for the orders, since only PostgreSQL knows which ids are
free, and COPY for their parts.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from orders import literals
from orders.database import Database, Session
from orders.errors import InvalidRequestError, StoreUnavailableError
from orders.model import EncodedOrder
from orders.quarantine.store import Attempted
from orders.record import Record
from orders.repository import attempts, documents
from orders.settlement import Fate
from orders.validation import Accepted, Refused

T = TypeVar("T")

_ACTOR: Final = "ingestion"

# The rows are locked before they are read: what others wrote meanwhile is seen.
_LOCK_LEDGER: Final = """
SELECT ledger.offsets && batch.offsets::int8multirange
FROM ingested_offsets AS ledger
JOIN unnest(:topics::text[], :partitions::integer[], :offsets::text[])
    AS batch (topic, partition, offsets)
    ON (ledger.topic, ledger.partition) = (batch.topic, batch.partition)
ORDER BY ledger.topic, ledger.partition FOR UPDATE OF ledger
"""
_OPEN_LEDGER: Final = """
INSERT INTO ingested_offsets (topic, partition)
SELECT * FROM unnest(:topics::text[], :partitions::integer[]) ORDER BY 1, 2 ON CONFLICT DO NOTHING
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
    source, topic, partition, record_offset, produced_at, content_digest
)
SELECT
    order_uid, track_number, entry, locale, internal_signature, customer_id, delivery_service,
    shardkey, sm_id, date_created::timestamptz, date_created, oof_shard,
    source, nullif(topic, ''), nullif(partition, -1), nullif(record_offset, -1),
    to_timestamp(produced_at_ms / 1000.0), decode(digest, 'hex')
FROM unnest(
    :order_uid::text[], :track_number::text[], :entry::text[], :locale::text[],
    :internal_signature::text[], :customer_id::text[], :delivery_service::text[],
    :shardkey::text[], :sm_id::bigint[], :date_created::text[], :oof_shard::text[],
    :source::text[], :topic::text[], :partition::integer[], :record_offset::bigint[],
    :produced_at_ms::bigint[], :digest::text[]
) AS batch (
    order_uid, track_number, entry, locale, internal_signature, customer_id, delivery_service,
    shardkey, sm_id, date_created, oof_shard, source, topic, partition, record_offset,
    produced_at_ms, digest
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
WITH kept AS (INSERT INTO quarantined_records (
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
ORDER BY topic, partition, record_offset
ON CONFLICT DO NOTHING
RETURNING id, faults, validator_version)
INSERT INTO quarantine_attempts (record_id, number, actor, outcome, faults, validator_version)
SELECT id, 1, :actor::text, 'refused', faults, validator_version FROM kept
"""
_WAITING: Final = """
SELECT record.id, batch.number
FROM quarantined_records AS record
JOIN unnest(
    :topics::text[], :partitions::integer[], :offsets::bigint[], :produced_at_ms::bigint[],
    :digests::text[]
) WITH ORDINALITY AS batch (topic, partition, record_offset, produced_at_ms, digest, number)
    ON (record.topic, record.partition, record.record_offset)
        = (batch.topic, batch.partition, batch.record_offset)
    AND record.produced_at IS NOT DISTINCT FROM to_timestamp(batch.produced_at_ms / 1000.0)
    AND record.value_digest = decode(batch.digest, 'hex')
WHERE record.state = 'open' ORDER BY record.id FOR UPDATE OF record
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


class OrderWriter:
    """What every transaction that stores orders can do."""

    def __init__(self, session: Session) -> None:
        self._session = session

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

    def documents(self, order_uids: Collection[str]) -> Mapping[str, EncodedOrder]:
        """Return stored orders by their ids."""
        return documents.some(self._session, order_uids)


class PostgresTransaction(OrderWriter):
    """One open transaction of ingestion."""

    def lock_ledger(self, records: Sequence[Record]) -> bool:
        """Lock the ledger's rows of these partitions in one order for all writers.

        Tells whether some of these offsets are in the ledger already.
        """
        offsets = _offsets(records)
        rows = _ledger_rows(offsets)
        locked = self._session.run(_LOCK_LEDGER, **rows)
        if len(locked) < len(offsets):
            partitions = {name: rows[name] for name in ("topics", "partitions")}
            self._session.run(_OPEN_LEDGER, **partitions)
            locked = self._session.run(_LOCK_LEDGER, **rows)
        return any(overlaps for (overlaps,) in locked)

    def quarantine(self, refused: Sequence[Refused]) -> None:
        """Keep the records and the reasons; a record that is kept already stays as it is."""
        if refused:
            rows = [literals.refused_row(one) for one in refused]
            try:
                self._session.run(_QUARANTINE, records=json.dumps(rows), actor=_ACTOR)
            except InvalidRequestError as error:  # else it would get another code
                message = f"the quarantine does not take what was refused: {error}"
                raise StoreUnavailableError(message) from error

    def release(self, accepted: Sequence[Fate]) -> None:
        """Close the quarantine entries, if any, of records that are accepted by now."""
        records = [fate.verdict.record for fate in accepted]
        rows = self._session.run(
            _WAITING,
            topics=literals.texts(record.topic for record in records),
            partitions=literals.numbers(record.partition for record in records),
            offsets=literals.numbers(record.offset for record in records),
            produced_at_ms=literals.numbers(record.produced_at_ms for record in records),
            digests=literals.texts(
                hashlib.sha256(record.value or b"").hexdigest() for record in records
            ),
        )
        released = [Attempted(record_id, accepted[number - 1], None) for record_id, number in rows]
        attempts.note(self._session, released, _ACTOR)

    def note_offsets(self, records: Sequence[Record], duplicates: Sequence[Record]) -> None:
        """Enter the offsets into the ledger; count the duplicates that are new to it."""
        offsets, repeated = _offsets(records), _offsets(duplicates)
        self._session.run(
            _NOTE_OFFSETS,
            **_ledger_rows(offsets),
            duplicates=literals.texts(
                literals.multirange(repeated.get(partition, [])) for partition in offsets
            ),
        )


def _ledger_rows(offsets: Mapping[tuple[str, int], Iterable[int]]) -> dict[str, str]:
    """Write offsets by partition as one array literal a column."""
    topics, numbers = zip(*offsets, strict=True)
    return {
        "topics": literals.texts(topics),
        "partitions": literals.numbers(numbers),
        "offsets": literals.texts(map(literals.multirange, offsets.values())),
    }


def _offsets(records: Iterable[Record]) -> dict[tuple[str, int], list[int]]:
    found: dict[tuple[str, int], list[int]] = {}
    for record in records:
        found.setdefault((record.topic, record.partition), []).append(record.offset)
    return found
