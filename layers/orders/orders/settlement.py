"""Settlement: verdicts in, the fate of each out; the one way in which orders are stored.

What came through Kafka, over HTTP or out of the quarantine is stored by the same steps, so that the
first order of an id stays, an equal one is a duplicate, and another one is refused as a conflict.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar

from orders.errors import InvalidRequestError
from orders.faults import fault
from orders.record import Record, Rejection
from orders.validation import Accepted, Refused, Verdict

T = TypeVar("T")
Fates = TypeVar("Fates")

Judge = Callable[[Record], Verdict]


class OrderTransaction(Protocol):
    """What storing orders asks of one open transaction."""

    def insert_orders(self, accepted: Sequence[Accepted]) -> set[str]:
        """Insert the orders whose ids are free; return those ids."""

    def digests(self, order_uids: Collection[str]) -> Mapping[str, bytes]:
        """Return the content digests of stored orders."""


class Outcome(StrEnum):
    """What became of a record."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class Fate(NamedTuple):
    """What became of a record, and the last verdict on it."""

    outcome: Outcome
    verdict: Verdict


def settle(verdicts: Sequence[Verdict], transaction: OrderTransaction) -> list[Fate]:
    """Store what can be stored; return the fate of each verdict, in their order."""
    accepted = [verdict for verdict in verdicts if isinstance(verdict, Accepted)]
    new, stored = _store_new(accepted, transaction)
    return [_fate(verdict, new, stored) for verdict in verdicts]


def around_refusals(
    items: Sequence[T],
    work: Callable[[Sequence[T]], Fates],
    refuse: Callable[[T, InvalidRequestError], T],
) -> list[Fates]:
    """Work on all items at once; where the store refuses data, halve until it stands alone.

    That one item is worked on once more as `refuse` gives it back; `refuse` raises the error if it
    was refused before, since then the defect is ours.
    """
    try:
        return [work(items)]
    except InvalidRequestError as error:
        if len(items) == 1:
            return [work([refuse(items[0], error)])]
        middle = len(items) // 2
        return around_refusals(items[:middle], work, refuse) + around_refusals(
            items[middle:], work, refuse
        )


def refused_by_store(verdict: Verdict, error: InvalidRequestError) -> Refused:
    """Turn what validation missed into a refusal; what was one already raises the error."""
    if isinstance(verdict, Refused):
        raise error
    reason = fault("refused_by_database", sqlstate=error.sqlstate, message=str(error))
    return Refused(verdict.record, Rejection((reason,), verdict.order.order_uid))


def _store_new(
    accepted: Sequence[Accepted], transaction: OrderTransaction
) -> tuple[set[int], dict[str, bytes]]:
    """Insert the first record of each id, sorted by it so that concurrent writers cannot deadlock.

    Returns which objects were inserted, and the digest that is stored now under each id.
    """
    first: dict[str, Accepted] = {}
    for one in accepted:
        first.setdefault(one.order.order_uid, one)
    inserted = transaction.insert_orders([first[uid] for uid in sorted(first)])
    stored = {uid: first[uid].digest for uid in inserted}
    stored |= transaction.digests(first.keys() - inserted)
    return {id(first[uid]) for uid in inserted}, stored


def _fate(verdict: Verdict, new: set[int], stored: Mapping[str, bytes]) -> Fate:
    if isinstance(verdict, Refused):
        return Fate(Outcome.REFUSED, verdict)
    if id(verdict) in new:
        return Fate(Outcome.STORED, verdict)
    if verdict.digest == stored[verdict.order.order_uid]:
        return Fate(Outcome.DUPLICATE, verdict)
    return Fate(Outcome.REFUSED, _conflict(verdict))


def _conflict(accepted: Accepted) -> Refused:
    uid = accepted.order.order_uid
    reason = fault("conflict", ("order_uid",), order_uid=uid)
    return Refused(accepted.record, Rejection((reason,), uid))
