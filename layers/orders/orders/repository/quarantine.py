"""Quarantine: selections and fates in, refused records and what was tried with them out."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Final, TypeVar

from orders import literals
from orders.database import Database, Row, Session
from orders.model import EncodedOrder
from orders.paths import escaped
from orders.quarantine import Attempt, QuarantinedRecord, Selection
from orders.quarantine.store import Attempted, Candidate, QuarantineTransaction
from orders.repository import attempts, documents, rows, selections
from orders.repository.writing import OrderWriter

T = TypeVar("T")

_PLACES: Final = f"SELECT {rows.RECORD_COLUMNS}, NULL::bytea FROM quarantined_records"
_WHOLE: Final = f"""
SELECT {rows.RECORD_COLUMNS}, value FROM quarantined_records
WHERE id = ANY(:ids::bigint[]) ORDER BY id
"""
_OF_ORDER: Final = f"""
SELECT {rows.RECORD_COLUMNS}, CASE code WHEN 'conflict' THEN value END FROM quarantined_records
WHERE {selections.OF_ORDER} ORDER BY id DESC LIMIT :most::integer
"""
_CANDIDATES: Final = """
SELECT id, coalesce(length(value), 0), attempts FROM quarantined_records
"""
_COUNT: Final = "SELECT code, count(*) FROM quarantined_records"
_ATTEMPTS: Final = f"""
SELECT {rows.ATTEMPT_COLUMNS} FROM quarantine_attempts
WHERE record_id = :record_id::bigint ORDER BY number
"""
# As ingestion does it: the ledger first, so that neither waits for the other in a circle.
_LOCK_LEDGER: Final = """
SELECT FROM ingested_offsets AS ledger
WHERE (topic, partition) IN (
    SELECT topic, partition FROM quarantined_records WHERE id = ANY(:ids::bigint[])
)
ORDER BY topic, partition FOR UPDATE
"""
_LOCK_OPEN: Final = """
SELECT id FROM quarantined_records WHERE id = ANY(:ids::bigint[]) AND state = 'open'
ORDER BY id FOR UPDATE
"""
_DISCARD: Final = """
UPDATE quarantined_records
SET state = 'discarded', settled_at = now(), settled_by = :actor::text, reason = :reason::text
WHERE id = ANY(:ids::bigint[])
"""


class PostgresQuarantine:
    """Where refused records are kept; its methods raise StoreUnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self, selection: Selection, *, before: int | None, limit: int, seconds: float
    ) -> list[QuarantinedRecord]:
        """Return records without their values, newest first, whose ids are below `before`."""
        where, parameters = selections.condition(selection, before=before)
        statement = f"{_PLACES} {where} ORDER BY id DESC LIMIT :most::integer"
        found = self._read(statement, seconds, **parameters, most=str(limit))
        return [rows.record(row) for row in found]

    def read(self, record_ids: Sequence[int], *, seconds: float) -> list[QuarantinedRecord]:
        """Return records whole, in the order of their ids."""
        found = self._read(_WHOLE, seconds, ids=literals.numbers(record_ids))
        return [rows.record(row) for row in found]

    def count(self, selection: Selection, *, seconds: float) -> Counter[str]:
        """Count the records that are meant, by their codes."""
        where, parameters = selections.condition(selection)
        counts = self._read(f"{_COUNT} {where} GROUP BY code", seconds, **parameters)
        return Counter(dict(counts))

    def candidates(
        self, selection: Selection, *, after: int, limit: int, seconds: float
    ) -> list[Candidate]:
        """Return records in the order of their ids, which are above `after`."""
        where, parameters = selections.condition(selection, after=after)
        statement = f"{_CANDIDATES} {where} ORDER BY id LIMIT :most::integer"
        found = self._read(statement, seconds, **parameters, most=str(limit))
        return [Candidate(*row) for row in found]

    def attempts(self, record_id: int, *, seconds: float) -> list[Attempt]:
        """Return what was tried with a record, in its order."""
        found = self._read(_ATTEMPTS, seconds, record_id=str(record_id))
        return [rows.attempt(row) for row in found]

    def order(self, order_uid: str, *, seconds: float) -> EncodedOrder | None:
        """Return a stored order, or None."""
        return self._database.read(
            lambda session: documents.one(session, order_uid), seconds=seconds
        )

    def transact(
        self, work: Callable[[QuarantineTransaction], T], *, seconds: float, keep: bool = True
    ) -> T:
        """Do the work in one transaction; unless it is kept, take it all back at its end."""
        return self._database.transact(
            lambda session: work(PostgresQuarantineTransaction(session)),
            seconds=seconds,
            keep=keep,
        )

    def _read(self, statement: str, seconds: float, **parameters: str) -> list[Row]:
        return self._database.read(
            lambda session: session.run(statement, **parameters), seconds=seconds
        )


class PostgresQuarantineTransaction(OrderWriter):
    """One open transaction of a redrive."""

    def lock_open(self, record_ids: Collection[int]) -> set[int]:
        """Keep others from settling these records until the end; return those that are open."""
        ids = literals.numbers(record_ids)
        self._session.run(_LOCK_LEDGER, ids=ids)
        return {record_id for (record_id,) in self._session.run(_LOCK_OPEN, ids=ids)}

    def note_attempts(self, attempted: Sequence[Attempted], actor: str) -> None:
        """Write down what was tried; close the records that are stored now."""
        attempts.note(self._session, attempted, actor)

    def discard(self, record_ids: Collection[int], actor: str, reason: str) -> int:
        """Close open records without an order; return how many."""
        still_open = self.lock_open(record_ids)
        ids = literals.numbers(still_open)
        self._session.run(_DISCARD, ids=ids, actor=escaped(actor), reason=escaped(reason))
        return len(still_open)


def of_order(session: Session, order_uid: str, most: int) -> list[QuarantinedRecord]:
    """Return records of this id or key, newest first; with their values where they conflict."""
    found = session.run(_OF_ORDER, order_uid=order_uid, most=str(most))
    return [rows.record(row) for row in found]
