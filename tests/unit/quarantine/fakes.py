"""A quarantine in memory, a desk over it, and the command's options."""

from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from devstack.commands import quarantine
from devstack.quarantine.desk import Desk
from orders import validation
from orders.errors import StoreUnavailableError
from orders.faults import fault
from orders.model import EncodedOrder
from orders.quarantine import DISCARDED, OPEN, REDRIVEN, Attempt, QuarantinedRecord, Selection
from orders.quarantine.store import Attempted, Candidate
from orders.record import Rejection
from orders.settlement import Outcome
from orders.validation import Accepted, Refused
from tests.unit.orders.made import record

T = TypeVar("T")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class InMemoryQuarantine:
    """A store that keeps everything in dictionaries; the database may go after some slices."""

    records: dict[int, QuarantinedRecord] = field(default_factory=dict)
    orders: dict[str, EncodedOrder] = field(default_factory=dict)
    tried: list[tuple[int, Outcome, bytes | None, str]] = field(default_factory=list)
    transactions_left: int = 1000

    def find(
        self, selection: Selection, *, before: int | None, limit: int, seconds: float
    ) -> list[QuarantinedRecord]:
        """Return the newest first."""
        assert seconds > 0
        found = [one for one in self._meant(selection) if before is None or one.id < before]
        return [replace(one, record=replace(one.record, value=None)) for one in found[:limit]]

    def read(self, record_ids: Sequence[int], *, seconds: float) -> list[QuarantinedRecord]:
        """Return what is there of them."""
        assert seconds > 0
        return [self.records[one] for one in sorted(record_ids) if one in self.records]

    def count(self, selection: Selection, *, seconds: float) -> Counter[str]:
        """Count them."""
        assert seconds > 0
        return Counter(one.code for one in self._meant(selection))

    def candidates(
        self, selection: Selection, *, after: int, limit: int, seconds: float
    ) -> list[Candidate]:
        """Return the oldest first."""
        assert seconds > 0
        found = [one for one in reversed(self._meant(selection)) if one.id > after]
        return [Candidate(one.id, 1, one.attempts) for one in found[:limit]]

    def attempts(self, record_id: int, *, seconds: float) -> list[Attempt]:
        """Return the arrival alone."""
        assert seconds > 0
        found = self.records[record_id]
        return [
            Attempt(
                number=1,
                attempted_at=NOON,
                actor="ingestion",
                outcome=Outcome.REFUSED,
                faults=found.faults,
                validator_version=1,
                document=None,
            )
        ]

    def order(self, order_uid: str, *, seconds: float) -> EncodedOrder | None:
        """Return a stored order."""
        assert seconds > 0
        return self.orders.get(order_uid)

    def transact(
        self, work: Callable[["InMemoryQuarantine"], T], *, seconds: float, keep: bool = True
    ) -> T:
        """Do the work, and take it all back unless it is kept."""
        assert seconds > 0
        if not self.transactions_left:
            message = "the database does not answer"
            raise StoreUnavailableError(message)
        self.transactions_left -= 1
        before = dict(self.records), dict(self.orders), list(self.tried)
        result = work(self)
        if not keep:
            self.records, self.orders, self.tried = before
        return result

    def lock_open(self, record_ids: Collection[int]) -> set[int]:
        """Return those that are open."""
        return {one for one in record_ids if self.records[one].state == OPEN}

    def insert_orders(self, accepted: Sequence[Accepted]) -> set[str]:
        """Keep the new ones."""
        new = {
            uid: EncodedOrder(uid, one.order.model_dump_json(), one.digest.hex())
            for one in accepted
            if (uid := one.order.order_uid) not in self.orders
        }
        self.orders |= new
        return set(new)

    def digests(self, order_uids: Collection[str]) -> Mapping[str, bytes]:
        """Return the digests that are kept."""
        return {uid: bytes.fromhex(self.orders[uid].digest) for uid in order_uids}

    def note_attempts(self, attempted: Sequence[Attempted], actor: str) -> None:
        """Note what was tried and by whom."""
        for record_id, fate, document in attempted:
            self.tried.append((record_id, fate.outcome, document, actor))
            found = replace(self.records[record_id], attempts=self.records[record_id].attempts + 1)
            if fate.outcome is not Outcome.REFUSED:
                found = replace(found, state=REDRIVEN, settled_at=NOON, settled_by=actor)
            self.records[record_id] = found

    def discard(self, record_ids: Collection[int], actor: str, reason: str) -> int:
        """Close those that are open."""
        still_open = self.lock_open(record_ids)
        for one in still_open:
            self.records[one] = replace(
                self.records[one],
                state=DISCARDED,
                settled_at=NOON,
                settled_by=actor,
                reason=reason,
            )
        return len(still_open)

    def _meant(self, selection: Selection) -> list[QuarantinedRecord]:
        return [
            one
            for _, one in sorted(self.records.items(), reverse=True)
            if selection.state in {None, one.state}
            and selection.code in {None, one.code}
            and (not selection.ids or one.id in selection.ids)
        ]


def store_of(*values: object) -> InMemoryQuarantine:
    """Make a quarantine of refused values, with the ids from 1."""
    return InMemoryQuarantine(
        {number: _refused(number, value) for number, value in enumerate(values, start=1)}
    )


def _refused(number: int, value: object) -> QuarantinedRecord:
    came = record(value, offset=number)
    verdict = validation.judge(came)
    conflict = Rejection((fault("conflict", ("order_uid",), order_uid="the id"),), "id")
    rejection = verdict.rejection if isinstance(verdict, Refused) else conflict
    return QuarantinedRecord(
        id=number,
        state=OPEN,
        faults=rejection.faults,
        record=came,
        order_uid=verdict.order.order_uid if isinstance(verdict, Accepted) else rejection.order_uid,
        validator_version=1,
        attempts=1,
        quarantined_at=NOON,
    )


def parse(*arguments: str) -> Namespace:
    parser = ArgumentParser()
    quarantine.add_arguments(parser)
    return parser.parse_args(arguments)


def run(store: InMemoryQuarantine, *arguments: str | Path, editor: str = "") -> int:
    """Run a command line at a desk of the operator Ann."""
    desk = Desk(store, "cli:ann", validation.judge, editor)
    parsed = parse(*map(str, arguments))
    return int(parsed.act(parsed, desk))
