"""What the APIs' tests need beside made.py: customers, statuses, quarantine, a shared cache."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from orders.cache import SecondLevelStats
from orders.errors import StoreUnavailableError
from orders.lookup import Position
from orders.model import EncodedOrder
from orders.quarantine import Attempt, QuarantinedRecord, Selection
from orders.quarantine.store import Attempted, Candidate
from orders.record import Fault, Record
from orders.settlement import Outcome
from orders.status import Freshness, Provenance
from orders.validation import Accepted
from tests.unit.orders.made import InMemoryOrderReader, InMemoryOrderStore

T = TypeVar("T")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FAULT = Fault("/sm_id", "wrong_type", "sm_id must be a whole number.", "sm_id: целое.", '"99"')
CONFLICT = Fault("/order_uid", "conflict", "It is stored.", "Он сохранён.")


def quarantined(record_id: int = 1, **changes: object) -> QuarantinedRecord:
    """Make a refused record."""
    made = QuarantinedRecord(
        id=record_id,
        state="open",
        faults=(FAULT,),
        record=Record(
            "orders", 2, 40 + record_id, 1_767_268_800_000, "CREATE_TIME", b"key", b'{"sm_id":"99"}'
        ),
        order_uid=None,
        validator_version=2,
        attempts=1,
        quarantined_at=NOON + timedelta(minutes=record_id),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class InMemoryOrders(InMemoryOrderReader):
    """A reader that knows customers and fates as well."""

    places: dict[str, Provenance] = field(default_factory=dict)
    refusals: list[QuarantinedRecord] = field(default_factory=list)
    newest_stored: Freshness = field(default_factory=Freshness)
    asked_of_customer: list[tuple[str, Position | None, int]] = field(default_factory=list)

    def of_customer(
        self, customer_id: str, *, after: Position | None, most: int, seconds: float
    ) -> list[Position]:
        """Return orders whose ids begin with the customer's, newest first."""
        self._answer(seconds)
        self.asked_of_customer.append((customer_id, after, most))
        mine = [
            Position(NOON + timedelta(seconds=number), uid)
            for number, uid in enumerate(self.stored)
            if uid.startswith(customer_id)
        ]
        return [one for one in reversed(mine) if after is None or one < after][:most]

    def provenance(self, order_uid: str, *, seconds: float) -> Provenance | None:
        """Return how a stored order came."""
        self._answer(seconds)
        return self.places.get(order_uid)

    def refused(self, order_uid: str, *, most: int, seconds: float) -> list[QuarantinedRecord]:
        """Return refused records of this id."""
        self._answer(seconds)
        return [one for one in self.refusals if one.order_uid == order_uid][:most]

    def freshness(self, *, seconds: float) -> Freshness:
        """Tell how fresh the store is."""
        self._answer(seconds)
        return self.newest_stored


@dataclass
class InMemoryQuarantine(InMemoryOrderStore):
    """A quarantine of a few records; its transactions keep what they do."""

    records: dict[int, QuarantinedRecord] = field(default_factory=dict)
    tried: dict[int, list[Attempt]] = field(default_factory=dict)
    selections: list[Selection] = field(default_factory=list)
    actors: list[str] = field(default_factory=list)

    def find(
        self, selection: Selection, *, before: int | None, limit: int, seconds: float
    ) -> list[QuarantinedRecord]:
        """Return records, newest first; of the filters, the state counts."""
        assert seconds > 0
        if self.fails:
            message = "down"
            raise StoreUnavailableError(message)
        self.selections.append(selection)
        meant = [
            self.records[number]
            for number in sorted(self.records, reverse=True)
            if before is None or number < before
        ]
        return [one for one in meant if selection.state in {None, one.state}][:limit]

    def read(self, record_ids: Sequence[int], *, seconds: float) -> list[QuarantinedRecord]:
        """Return records whole."""
        assert seconds > 0
        return [self.records[number] for number in sorted(record_ids) if number in self.records]

    def count(self, selection: Selection, *, seconds: float) -> Counter[str]:
        """Count nothing: no API tells how many there are."""
        raise NotImplementedError

    def candidates(
        self, selection: Selection, *, after: int, limit: int, seconds: float
    ) -> list[Candidate]:
        """Offer nothing: no API works in bulk."""
        raise NotImplementedError

    def attempts(self, record_id: int, *, seconds: float) -> list[Attempt]:
        """Return what was tried."""
        assert seconds > 0
        return self.tried.get(record_id, [])

    def order(self, order_uid: str, *, seconds: float) -> EncodedOrder | None:
        """Return a stored order."""
        assert seconds > 0
        return self.documents([order_uid])[order_uid] if order_uid in self.orders else None

    def transact(
        self, work: Callable[["InMemoryQuarantine"], T], *, seconds: float, keep: bool = True
    ) -> T:
        """Do the work, for good."""
        assert seconds > 0
        assert keep
        return work(self)

    def lock_open(self, record_ids: Collection[int]) -> set[int]:
        """Return those that are open."""
        return {number for number in record_ids if self.records[number].state == "open"}

    def note_attempts(self, attempted: Sequence[Attempted], actor: str) -> None:
        """Close what is stored now."""
        self.actors.append(actor)
        for one in attempted:
            record = self.records[one.record_id]
            state = "open" if one.fate.outcome is Outcome.REFUSED else "redriven"
            self.records[record.id] = dataclasses.replace(
                record, state=state, attempts=record.attempts + 1
            )

    def discard(self, record_ids: Collection[int], actor: str, reason: str) -> int:
        """Close open records."""
        still_open = self.lock_open(record_ids)
        for number in still_open:
            self.records[number] = dataclasses.replace(
                self.records[number],
                state="discarded",
                settled_at=NOON,
                settled_by=actor,
                reason=reason,
            )
        return len(still_open)


@dataclass
class InMemorySecondLevel:
    """A shared cache that is always there."""

    kept: dict[str, EncodedOrder] = field(default_factory=dict)
    lists: dict[int, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hits: int = 0

    def get(self, order_uid: str) -> EncodedOrder | None:
        """Return an order."""
        return next(iter(self.get_all([order_uid])), None)

    def get_all(self, order_uids: Sequence[str]) -> list[EncodedOrder]:
        """Return orders."""
        self.asked += order_uids
        found = [self.kept[uid] for uid in order_uids if uid in self.kept]
        self.hits += len(found)
        return found

    def put(self, order: EncodedOrder) -> None:
        """Keep an order."""
        self.put_all([order])

    def put_all(self, orders: Sequence[EncodedOrder]) -> None:
        """Keep orders."""
        assert orders
        self.kept |= {order.order_uid: order for order in orders}

    def newest(self, most: int) -> list[str]:
        """Return what was put."""
        return self.lists.get(most, [])

    def put_newest(self, most: int, order_uids: Sequence[str]) -> None:
        """Keep ids."""
        self.lists[most] = list(order_uids)

    def stats(self) -> SecondLevelStats:
        """Tell what was asked for."""
        return SecondLevelStats(
            hits=self.hits,
            misses=len(self.asked) - self.hits,
            rejected=0,
            faults=0,
            skipped=0,
            hit_ratio=0.0,
            circuit="closed",
        )


def keep(store: InMemoryOrderStore, accepted: object) -> None:
    """Put an order in."""
    assert isinstance(accepted, Accepted)
    store.orders[accepted.order.order_uid] = accepted
