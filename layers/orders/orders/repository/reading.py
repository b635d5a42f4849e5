"""Reading: an order's id or a customer's in, stored orders and where they came from out."""

from collections.abc import Sequence
from typing import Final

from orders.database import Database
from orders.lookup import Position
from orders.model import EncodedOrder
from orders.quarantine import QuarantinedRecord
from orders.repository import documents, quarantine
from orders.status import Freshness, Provenance

_NEWEST: Final = """
SELECT order_uid FROM orders ORDER BY ingested_at DESC, order_uid DESC LIMIT :most::integer
"""
_OF_CUSTOMER: Final = """
SELECT ingested_at, order_uid FROM orders WHERE customer_id = :customer_id::text
ORDER BY ingested_at DESC, order_uid DESC LIMIT :most::integer
"""
_MORE_OF_CUSTOMER: Final = """
SELECT ingested_at, order_uid FROM orders WHERE customer_id = :customer_id::text
AND (ingested_at, order_uid) < (:ingested_at::timestamptz, :order_uid::text)
ORDER BY ingested_at DESC, order_uid DESC LIMIT :most::integer
"""
_PROVENANCE: Final = """
SELECT source, topic, partition, record_offset, produced_at, ingested_at FROM orders
WHERE order_uid = :order_uid::text
"""
_FRESHNESS: Final = """
SELECT ingested_at, produced_at FROM orders ORDER BY ingested_at DESC, order_uid DESC LIMIT 1
"""
_IS_MIGRATED: Final = """
SELECT EXISTS (SELECT FROM schema_migrations WHERE version = :version::text)
"""


class PostgresOrderReader:
    """Where look-ups find orders.

    Its methods raise StoreUnavailableError after about so many seconds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, order_uid: str, *, seconds: float) -> EncodedOrder | None:
        """Return a stored order, or None."""
        return self._database.read(
            lambda session: documents.one(session, order_uid), seconds=seconds
        )

    def newest(self, most: int, *, seconds: float) -> list[str]:
        """Return the ids of the orders that came last, newest first."""
        rows = self._database.read(
            lambda session: session.run(_NEWEST, most=str(most)), seconds=seconds
        )
        return [uid for (uid,) in rows]

    def find_all(self, order_uids: Sequence[str], *, seconds: float) -> list[EncodedOrder]:
        """Return stored orders in the order of their ids as given."""
        found = self._database.read(
            lambda session: documents.some(session, order_uids), seconds=seconds
        )
        return [found[uid] for uid in order_uids if uid in found]

    def of_customer(
        self, customer_id: str, *, after: Position | None, most: int, seconds: float
    ) -> list[Position]:
        """Tell where a customer's orders stand, those stored last first."""
        statement = _MORE_OF_CUSTOMER if after else _OF_CUSTOMER
        begin = after._asdict() if after else {}
        rows = self._database.read(
            lambda session: session.run(
                statement, customer_id=customer_id, most=str(most), **begin
            ),
            seconds=seconds,
        )
        return [Position(*row) for row in rows]

    def provenance(self, order_uid: str, *, seconds: float) -> Provenance | None:
        """Return how a stored order came, or None."""
        rows = self._database.read(
            lambda session: session.run(_PROVENANCE, order_uid=order_uid), seconds=seconds
        )
        for source, topic, partition, offset, produced_at, ingested_at in rows:
            return Provenance(
                source=source,
                topic=topic,
                partition=partition,
                offset=offset,
                produced_at=produced_at,
                ingested_at=ingested_at,
            )
        return None

    def refused(self, order_uid: str, *, most: int, seconds: float) -> list[QuarantinedRecord]:
        """Return refused records of this id, or of it as their key, newest first."""
        return self._database.read(
            lambda session: quarantine.of_order(session, order_uid, most), seconds=seconds
        )

    def freshness(self, *, seconds: float) -> Freshness:
        """Tell when the newest stored order came."""
        rows = self._database.read(lambda session: session.run(_FRESHNESS), seconds=seconds)
        for ingested_at, produced_at in rows:
            return Freshness(ingested_at=ingested_at, produced_at=produced_at)
        return Freshness()

    def is_migrated(self, version: str, *, seconds: float) -> bool:
        """Tell whether the schema has this migration."""
        rows = self._database.read(
            lambda session: session.run(_IS_MIGRATED, version=version), seconds=seconds
        )
        return bool(rows[0][0])
