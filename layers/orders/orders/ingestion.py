"""Ingestion: a batch of records in, one committed fate for each of them out.

Every record is stored, a duplicate, or quarantined, in one transaction with the ledger entry of its
offset; or it is named as undone. Doing it all again changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from orders import settlement, validation
from orders.record import Record
from orders.settlement import Fate, Judge, OrderTransaction, Outcome
from orders.validation import Refused, Verdict

SLICE_RECORDS: Final = 1000
"""How many records one transaction settles."""

_LEAST_SECONDS: Final = 1.0
T = TypeVar("T")


class Transaction(OrderTransaction, Protocol):
    """What ingestion asks of one open transaction."""

    def lock_ledger(self, records: Sequence[Record]) -> bool:
        """Keep others from settling records of these partitions until the end.

        Tells whether some of these offsets are in the ledger already.
        """

    def quarantine(self, refused: Sequence[Refused]) -> None:
        """Keep the records and the reasons; a record that is kept already stays as it is."""

    def release(self, accepted: Sequence[Fate]) -> None:
        """Close the quarantine entries, if any, of records that are accepted by now."""

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
    judge: Judge = validation.judge,
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
        verdicts = [judge(record) for record in waiting[start : start + SLICE_RECORDS]]
        result += _settle(verdicts, store, seconds_left)
        slowest = max(slowest, before - seconds_left())
    return result


def _settle(
    verdicts: Sequence[Verdict], store: OrderStore, seconds_left: Callable[[], float]
) -> Result:
    """Settle in one transaction; in several around what the store refuses as bad data."""

    def transact(some: Sequence[Verdict]) -> Result:
        seconds = max(seconds_left(), _LEAST_SECONDS)
        return store.transact(lambda transaction: _apply(some, transaction), seconds=seconds)

    results = settlement.around_refusals(verdicts, transact, settlement.refused_by_store)
    return sum(results, Result())


def _apply(verdicts: Sequence[Verdict], transaction: Transaction) -> Result:
    records = [verdict.record for verdict in verdicts]
    delivered_before = transaction.lock_ledger(records)
    fates = settlement.settle(verdicts, transaction)
    refused = [verdict for _, verdict in fates if isinstance(verdict, Refused)]
    transaction.quarantine(refused)
    if delivered_before:
        transaction.release([fate for fate in fates if fate.outcome is not Outcome.REFUSED])
    duplicates = [verdict.record for outcome, verdict in fates if outcome is Outcome.DUPLICATE]
    transaction.note_offsets(records, duplicates)
    return Result(
        stored=len(fates) - len(refused) - len(duplicates),
        duplicates=len(duplicates),
        quarantined=Counter(one.rejection.code for one in refused),
    )
