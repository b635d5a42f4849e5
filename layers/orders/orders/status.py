"""Status: an order's id in, what became of every record that bore it out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from orders import lookup, quarantine
from orders.model import EncodedOrder
from orders.quarantine import ConflictDetails, QuarantinedRecord

STORED: Final = "stored"
QUARANTINED: Final = "quarantined"
UNKNOWN: Final = "unknown"

MOST_RECORDS: Final = 20
"""How many refused records of one order are told, the newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How and when a stored order came; an order that was posted has no place in a topic."""

    source: str
    topic: str | None
    partition: int | None
    offset: int | None
    produced_at: datetime | None
    ingested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """When the newest stored order came, and when it was produced; None in an empty store."""

    ingested_at: datetime | None = None
    produced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefusedOrder:
    """A record that bore the id; with the stored order beside it where it is a conflict."""

    record: QuarantinedRecord
    conflict: ConflictDetails | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatus:
    """What is known of an id; `freshness` where nothing is."""

    order_uid: str
    state: str
    provenance: Provenance | None = None
    refused: tuple[RefusedOrder, ...] = ()
    freshness: Freshness | None = None


class StatusReader(Protocol):
    """Where the fates of records are found; its methods raise StoreUnavailableError."""

    def provenance(self, order_uid: str, *, seconds: float) -> Provenance | None:
        """Return how a stored order came, or None."""

    def refused(self, order_uid: str, *, most: int, seconds: float) -> list[QuarantinedRecord]:
        """Return refused records of this id, or of it as their key, newest first."""

    def freshness(self, *, seconds: float) -> Freshness:
        """Tell how fresh the store is."""

    def find(self, order_uid: str, *, seconds: float) -> EncodedOrder | None:
        """Return a stored order, or None."""


def status(
    order_uid: str, reader: StatusReader, *, seconds: float = lookup.STORE_SECONDS
) -> OrderStatus:
    """Tell what became of an order.

    Raises InvalidRequestError (`malformed_order_uid`) and StoreUnavailableError.
    """
    lookup.check_order_uid(order_uid)
    provenance = reader.provenance(order_uid, seconds=seconds)
    records = reader.refused(order_uid, most=MOST_RECORDS, seconds=seconds)
    if provenance:
        refused = _beside_stored(order_uid, records, reader, seconds)
        return OrderStatus(
            order_uid=order_uid, state=STORED, provenance=provenance, refused=refused
        )
    if records:
        refused = tuple(RefusedOrder(record, None) for record in records)
        return OrderStatus(order_uid=order_uid, state=QUARANTINED, refused=refused)
    freshness = reader.freshness(seconds=seconds)
    return OrderStatus(order_uid=order_uid, state=UNKNOWN, freshness=freshness)


def _beside_stored(
    order_uid: str, records: list[QuarantinedRecord], reader: StatusReader, seconds: float
) -> tuple[RefusedOrder, ...]:
    conflicts = [record for record in records if record.code == "conflict"]
    stored = reader.find(order_uid, seconds=seconds) if conflicts else None
    return tuple(
        RefusedOrder(record, quarantine.conflict(record, stored)) for record in conflicts if stored
    )
