"""Ingestion: a batch of records in, one committed fate for each of them out.

Every record is stored, a duplicate, or quarantined, in one transaction with the ledger entry of its
offset; or it is named as undone. Doing it all again changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from orders.errors import InvalidRequestError
from orders.record import Fault, Record, Rejection
from orders.validation import Accepted, Refused, Verdict, judge

SLICE_RECORDS: Final = 1000
"""How many records one transaction settles."""

_LEAST_SECONDS: Final = 1.0
T = TypeVar("T")


class Transaction(Protocol):
    """What ingestion asks of one open transaction."""

    def lock_ledger(self, partitions: Collection[tuple[str, int]]) -> None:
        """Keep others from settling records of these partitions until the end."""

    def insert_orders(self, accepted: Sequence[Accepted]) -> set[str]:
        """Insert the orders whose ids are free; return those ids."""

    def digests(self, order_uids: Collection[str]) -> Mapping[str, bytes]:
        """Return the content digests of stored orders."""

    def quarantine(self, refused: Sequence[Refused]) -> None:
        """Keep the records and the reasons; a record that is kept already stays as it is."""

    def note_offsets(self, records: Sequence[Record], duplicates: Sequence[Record]) -> None:
        """Enter the offsets into the ledger; count the duplicates that are new to it."""


class OrderStore(Protocol):
    """Where orders are kept."""

    def transact(self, work: Callable[[Transaction], T], *, seconds: float) -> T:
        """Do the work in one transaction of at most so many seconds."""


@dataclass(frozen=True)
class Result:
    """What became of a batch."""

    stored: int = 0
    duplicates: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    """How many, by the code of the first fault."""
    undone: tuple[Record, ...] = ()

    def __add__(self, other: "Result") -> "Result":
        return Result(
            self.stored + other.stored,
            self.duplicates + other.duplicates,
            self.quarantined + other.quarantined,
            self.undone + other.undone,
        )


def ingest(
    records: Iterable[Record],
    store: OrderStore,
    *,
    seconds_left: Callable[[], float],
    strict_totals: bool = False,
) -> Result:
    """Settle the records in the event's order, slice by slice, while time lasts.

    The first slice is always tried. Raises StoreUnavailableError when the store fails; slices
    committed by then stay, and a redelivery finds them settled.
    """
    waiting, result, slowest = list(records), Result(), 0.0
    for start in range(0, len(waiting), SLICE_RECORDS):
        before = seconds_left()
        if start and before < _LEAST_SECONDS + 2 * slowest:
            return result + Result(undone=tuple(waiting[start:]))
        part = waiting[start : start + SLICE_RECORDS]
        verdicts = [judge(record, strict_totals=strict_totals) for record in part]
        result += _settle(verdicts, store, seconds_left)
        slowest = max(slowest, before - seconds_left())
    return result


def _settle(
    verdicts: Sequence[Verdict], store: OrderStore, seconds_left: Callable[[], float]
) -> Result:
    """Settle in one transaction; split around what the store refuses as bad data."""
    try:
        return store.transact(
            lambda transaction: _apply(verdicts, transaction),
            seconds=max(seconds_left(), _LEAST_SECONDS),
        )
    except InvalidRequestError as error:
        if len(verdicts) > 1:
            middle = len(verdicts) // 2
            first = _settle(verdicts[:middle], store, seconds_left)
            return first + _settle(verdicts[middle:], store, seconds_left)
        if isinstance(verdicts[0], Refused):
            raise  # quarantine takes any record: this is a defect of ours
        return _settle([_refused_by_store(verdicts[0], error)], store, seconds_left)


def _apply(verdicts: Sequence[Verdict], transaction: Transaction) -> Result:
    records = [verdict.record for verdict in verdicts]
    transaction.lock_ledger({(record.topic, record.partition) for record in records})
    stored, repeated = _store_new(
        [verdict for verdict in verdicts if isinstance(verdict, Accepted)], transaction
    )
    conflicts = [_conflict(one) for one in repeated if one.digest != stored[one.order.order_uid]]
    duplicates = [one.record for one in repeated if one.digest == stored[one.order.order_uid]]
    refused = [verdict for verdict in verdicts if isinstance(verdict, Refused)] + conflicts
    transaction.quarantine(refused)
    transaction.note_offsets(records, duplicates)
    return Result(
        stored=len(records) - len(refused) - len(duplicates),
        duplicates=len(duplicates),
        quarantined=Counter(one.rejection.code for one in refused),
    )


def _store_new(
    accepted: Sequence[Accepted], transaction: Transaction
) -> tuple[dict[str, bytes], list[Accepted]]:
    """Insert the first record of each id, sorted by it so that concurrent writers cannot deadlock.

    Returns the digest that is stored now under each id, and the records that came second.
    """
    first: dict[str, Accepted] = {}
    for one in accepted:
        first.setdefault(one.order.order_uid, one)
    inserted = transaction.insert_orders([first[uid] for uid in sorted(first)])
    stored = {uid: first[uid].digest for uid in inserted}
    stored |= transaction.digests(first.keys() - inserted)
    repeated = [
        one
        for one in accepted
        if (uid := one.order.order_uid) not in inserted or first[uid] is not one
    ]
    return stored, repeated


def _conflict(accepted: Accepted) -> Refused:
    uid = accepted.order.order_uid
    sentence = (
        f"order_uid {uid} is stored with different content, and orders never change; "
        "send a new order under a new order_uid."
    )
    fault = Fault("/order_uid", "conflict", sentence)
    return Refused(accepted.record, Rejection((fault,), uid))


def _refused_by_store(accepted: Accepted, error: InvalidRequestError) -> Refused:
    sentence = f"The database refuses the order as bad data (SQLSTATE {error.sqlstate}): {error}"
    fault = Fault("", error.code, sentence)
    return Refused(accepted.record, Rejection((fault,), accepted.order.order_uid))
