"""Submission: the body of a request in, a stored order or the reasons against it out.

The same rules and the same transaction as for a record of Kafka; only that the sender waits, and is
told instead of quarantined. Sending it again changes nothing.
"""

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeVar

from orders import differences, settlement, validation
from orders.differences import Difference
from orders.errors import InvalidRequestError
from orders.model import EncodedOrder
from orders.record import Record, Rejection
from orders.settlement import Judge, OrderTransaction, Outcome
from orders.validation import Accepted, Refused

STORE_SECONDS: Final = 5.0
"""How long a submission waits for the store."""

T = TypeVar("T")


class Transaction(OrderTransaction, Protocol):
    """What a submission asks of one open transaction."""

    def documents(self, order_uids: Collection[str]) -> Mapping[str, EncodedOrder]:
        """Return stored orders by their ids."""


class OrderStore(Protocol):
    """Where orders are kept."""

    def transact(self, work: Callable[[Transaction], T], *, seconds: float) -> T:
        """Do the work in one transaction of at most so many seconds."""


class Submitted(NamedTuple):
    """An order that is stored; `new` unless it was before."""

    order_uid: str
    new: bool


@dataclass(frozen=True)
class Conflict:
    """An order whose id is taken by one of different content."""

    rejection: Rejection
    differences: tuple[Difference, ...]


def submit(
    body: bytes,
    store: OrderStore,
    *,
    seconds: float = STORE_SECONDS,
    judge: Judge = validation.judge,
    clock: Callable[[], float] = time.time,
) -> Submitted | Conflict | Rejection:
    """Store an order.

    Raises StoreUnavailableError when it may or may not be stored: sending it again is safe.
    """
    verdict = judge(_record(body, clock()))
    if isinstance(verdict, Refused):
        return verdict.rejection
    try:
        return store.transact(
            lambda transaction: _store(verdict, transaction),
            seconds=seconds,
        )
    except InvalidRequestError as error:
        return settlement.refused_by_store(verdict, error).rejection


def _record(body: bytes, now: float) -> Record:
    """Wrap the body as a record, which has no place in any topic."""
    return Record("", -1, -1, int(now * 1000), "", None, body)


def _store(accepted: Accepted, transaction: Transaction) -> Submitted | Conflict:
    (fate,) = settlement.settle([accepted], transaction)
    uid = accepted.order.order_uid
    if isinstance(fate.verdict, Refused):
        stored = transaction.documents([uid])[uid]
        found = differences.between(json.loads(stored.body), accepted.order.model_dump())
        return Conflict(fate.verdict.rejection, found)
    return Submitted(uid, new=fate.outcome is Outcome.STORED)
