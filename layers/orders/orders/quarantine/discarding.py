"""Discarding: refused records of which no order shall come in, closed with a reason out."""

from collections.abc import Callable, Sequence

from orders.quarantine.inspection import not_open, one
from orders.quarantine.records import QuarantinedRecord, Selection
from orders.quarantine.slices import slices
from orders.quarantine.store import WRITE_SECONDS, QuarantineStore


def discard(
    store: QuarantineStore, record_id: int, *, actor: str, reason: str
) -> QuarantinedRecord:
    """Close a record that no order shall come of; it stays where it is.

    Raises RecordNotFoundError and NotOpenError.
    """
    one(store, record_id)
    discarded = _discard([record_id], store, actor, reason)
    found = one(store, record_id)
    if not discarded:
        raise not_open(found)
    return found


def discard_all(  # noqa: PLR0913 - all but two are named
    store: QuarantineStore,
    selection: Selection,
    *,
    actor: str,
    reason: str,
    dry_run: bool = False,
    on_progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Close all records that are meant and open; return how many."""
    discarded = done = 0
    for some in slices(store, selection):
        ids = [each.id for each in some]
        discarded += len(ids) if dry_run else _discard(ids, store, actor, reason)
        done += len(ids)
        on_progress(done)
    return discarded


def _discard(ids: Sequence[int], store: QuarantineStore, actor: str, reason: str) -> int:
    return store.transact(
        lambda transaction: transaction.discard(ids, actor, reason), seconds=WRITE_SECONDS
    )
