"""Records of the quarantine: what is known of a refused record, and how many of them are meant."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from orders import differences, notation
from orders.differences import Difference
from orders.model import EncodedOrder
from orders.record import Fault, Record
from orders.settlement import Outcome

OPEN: Final = "open"
REDRIVEN: Final = "redriven"
DISCARDED: Final = "discarded"
STATES: Final = (OPEN, REDRIVEN, DISCARDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedRecord:
    """A refused record, why its own value is refused, and what became of it."""

    id: int
    state: str
    faults: tuple[Fault, ...]
    record: Record
    order_uid: str | None
    validator_version: int
    attempts: int
    quarantined_at: datetime
    settled_at: datetime | None = None
    settled_by: str | None = None
    reason: str | None = None
    """Why it was discarded."""
    stored_order_uid: str | None = None
    """The order that came of it."""

    @property
    def code(self) -> str:
        """Return the code of the first fault."""
        return self.faults[0].code


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One time that a record met the rules; the first is its arrival."""

    number: int
    attempted_at: datetime
    actor: str
    outcome: Outcome
    faults: tuple[Fault, ...]
    validator_version: int
    document: bytes | None
    """What was tried in place of the record's own value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which records are meant; what is None or empty selects all."""

    state: str | None = OPEN
    code: str | None = None
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    """Found in the value, the key, or the sentences of the faults."""
    order_uid: str | None = None
    ids: tuple[int, ...] = ()


class Page(NamedTuple):
    """Records, newest first, and where the next page begins."""

    records: list[QuarantinedRecord]
    next_before: int | None


@dataclass(frozen=True)
class ConflictDetails:
    """The stored order, the one that came later under its id, and where they differ."""

    stored: dict[str, Any]
    received: Any
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Details:
    """All that is known of a refused record."""

    record: QuarantinedRecord
    attempts: tuple[Attempt, ...]
    conflict: ConflictDetails | None


def conflict(record: QuarantinedRecord, stored: EncodedOrder) -> ConflictDetails:
    """Compare a record that was refused as a conflict with the order that is stored."""
    received, _ = notation.parse(record.record.value or b"")
    document = json.loads(stored.body)
    return ConflictDetails(document, received, differences.between(document, received))
