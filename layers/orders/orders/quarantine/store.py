"""Store of the quarantine: what its use cases ask of the database."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple, Protocol, TypeVar

from orders.model import EncodedOrder
from orders.quarantine.records import Attempt, QuarantinedRecord, Selection
from orders.settlement import Fate, OrderTransaction

READ_SECONDS: Final = 5.0
WRITE_SECONDS: Final = 60.0

T = TypeVar("T")


class Candidate(NamedTuple):
    """A record that a bulk may take up, known by what decides on its slice."""

    id: int
    value_bytes: int
    attempts: int


class Attempted(NamedTuple):
    """A fate to be written down; `document` was tried in place of the record's own value."""

    record_id: int
    fate: Fate
    document: bytes | None


class QuarantineTransaction(OrderTransaction, Protocol):
    """What redriving asks of one open transaction."""

    def lock_open(self, record_ids: Collection[int]) -> set[int]:
        """Keep others from settling these records until the end; return those that are open."""

    def note_attempts(self, attempted: Sequence[Attempted], actor: str) -> None:
        """Write down what was tried; close the records that are stored now."""

    def discard(self, record_ids: Collection[int], actor: str, reason: str) -> int:
        """Close open records without an order; return how many."""


class QuarantineStore(Protocol):
    """Where refused records are kept; all of it raises StoreUnavailableError."""

    def find(
        self, selection: Selection, *, before: int | None, limit: int, seconds: float
    ) -> list[QuarantinedRecord]:
        """Return records without their values, newest first, whose ids are below `before`."""

    def read(self, record_ids: Sequence[int], *, seconds: float) -> list[QuarantinedRecord]:
        """Return records whole, in the order of their ids."""

    def count(self, selection: Selection, *, seconds: float) -> Counter[str]:
        """Count the records that are meant, by their codes."""

    def candidates(
        self, selection: Selection, *, after: int, limit: int, seconds: float
    ) -> list[Candidate]:
        """Return records in the order of their ids, which are above `after`."""

    def attempts(self, record_id: int, *, seconds: float) -> list[Attempt]:
        """Return what was tried with a record, in its order."""

    def order(self, order_uid: str, *, seconds: float) -> EncodedOrder | None:
        """Return a stored order, or None."""

    def transact(
        self, work: Callable[[QuarantineTransaction], T], *, seconds: float, keep: bool = True
    ) -> T:
        """Do the work in one transaction; unless it is kept, take it all back at its end."""
