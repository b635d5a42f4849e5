"""Inspection: a selection or a number in, refused records and all that is known of them out."""

from collections import Counter

from orders.errors import NotOpenError, RecordNotFoundError
from orders.quarantine.records import Details, Page, QuarantinedRecord, Selection, conflict
from orders.quarantine.store import READ_SECONDS, WRITE_SECONDS, QuarantineStore


def find(
    store: QuarantineStore, selection: Selection, *, before: int | None = None, limit: int = 50
) -> Page:
    """Return a page of the records that are meant, newest first; their values are left out."""
    found = store.find(selection, before=before, limit=limit + 1, seconds=READ_SECONDS)
    more = len(found) > limit
    return Page(found[:limit], found[limit - 1].id if more else None)


def count(store: QuarantineStore, selection: Selection) -> Counter[str]:
    """Count the records that are meant, by their codes."""
    return store.count(selection, seconds=WRITE_SECONDS)  # a text is looked for in every value


def show(store: QuarantineStore, record_id: int) -> Details:
    """Return all that is known of a record.

    Raises RecordNotFoundError.
    """
    record = one(store, record_id)
    attempts = tuple(store.attempts(record_id, seconds=READ_SECONDS))
    is_conflict = record.code == "conflict" and record.order_uid is not None
    stored = store.order(record.order_uid or "", seconds=READ_SECONDS) if is_conflict else None
    return Details(record, attempts, conflict(record, stored) if stored else None)


def one(store: QuarantineStore, record_id: int) -> QuarantinedRecord:
    """Return a record whole.

    Raises RecordNotFoundError.
    """
    for found in store.read([record_id], seconds=READ_SECONDS):
        return found
    message = f"There is no quarantined record {record_id}."
    raise RecordNotFoundError(message)


def not_open(record: QuarantinedRecord) -> NotOpenError:
    """Say that a record is settled."""
    return NotOpenError(f"Record {record.id} is {record.state} already.")
