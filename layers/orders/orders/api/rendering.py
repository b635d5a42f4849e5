"""Rendering: what use cases return in, the bodies of answers out."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, cast

from orders.api.bodies import (
    Arrival,
    AttemptBody,
    Bytes,
    ConflictBody,
    DifferenceBody,
    FaultBody,
    FreshnessBody,
    QuarantinedStatus,
    RecordBody,
    RecordDetails,
    RefusedBody,
    RefusedNewcomer,
    StoredStatus,
    UnknownStatus,
)
from orders.api.negotiation import Language
from orders.differences import Difference, Missing
from orders.quarantine import Attempt, ConflictDetails, Details, QuarantinedRecord
from orders.record import Fault, Record
from orders.status import Freshness, OrderStatus, Provenance, RefusedOrder
from orders.validation import LARGEST_VALUE_BYTES

MOST_DOCUMENT_BYTES: Final = 65_536
"""How much of a corrected document is shown among the attempts; there may be many."""


def moment(when: datetime) -> str:
    """Write a time as in RFC 3339, in UTC."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment(when: datetime | None) -> str | None:
    return None if when is None else moment(when)


def faults(found: Iterable[Fault], language: Language) -> list[FaultBody]:
    """Word faults in a language; what was refused before there was Russian stays English."""
    return [
        {
            "path": fault.path,
            "code": fault.code,
            "sentence": (fault.russian if language == "ru" else "") or fault.sentence,
            "value": fault.value,
        }
        for fault in found
    ]


def differences(found: Iterable[Difference]) -> list[DifferenceBody]:
    """Tell differences."""
    return [_difference(one) for one in found]


def _difference(one: Difference) -> DifferenceBody:
    sides = {"stored": one.stored, "received": one.received}
    there = {side: value for side, value in sides.items() if not isinstance(value, Missing)}
    return cast("DifferenceBody", {"path": one.path, **there})


def order_status(
    status: OrderStatus, language: Language, now: datetime
) -> StoredStatus | QuarantinedStatus | UnknownStatus:
    """Tell what became of an order."""
    if status.provenance:
        return {
            "order_uid": status.order_uid,
            "state": "stored",
            **_provenance(status.provenance),
            "ingested_at": moment(status.provenance.ingested_at),
            "conflicts": [_newcomer(one, language) for one in status.refused],
        }
    if status.refused:
        refused = [_refused(one.record, language) for one in status.refused]
        return {"order_uid": status.order_uid, "state": "quarantined", "quarantined": refused}
    freshness = _freshness(status.freshness or Freshness(), now)
    return {"order_uid": status.order_uid, "state": "unknown", "freshness": freshness}


def _provenance(provenance: Provenance) -> Arrival:
    return {
        "source": cast("Any", provenance.source),
        "topic": provenance.topic,
        "partition": provenance.partition,
        "offset": provenance.offset,
        "produced_at": _moment(provenance.produced_at),
    }


def _newcomer(one: RefusedOrder, language: Language) -> RefusedNewcomer:
    if one.conflict is None:
        message = "beside a stored order stand only conflicts"
        raise ValueError(message)
    return {**_refused(one.record, language), **_conflict(one.conflict)}


def _refused(record: QuarantinedRecord, language: Language) -> RefusedBody:
    return {
        "id": record.id,
        "state": cast("Any", record.state),
        "code": record.code,
        "faults": faults(record.faults, language),
        **_arrival(record.record),
        "quarantined_at": moment(record.quarantined_at),
    }


def _arrival(record: Record) -> Arrival:
    ms = record.produced_at_ms
    produced_at = None if ms is None else moment(datetime.fromtimestamp(ms / 1000, UTC))
    has_place = record.source != "http"
    return {
        "source": record.source,
        "topic": record.topic if has_place else None,
        "partition": record.partition if has_place else None,
        "offset": record.offset if has_place else None,
        "produced_at": produced_at,
    }


def _conflict(conflict: ConflictDetails) -> ConflictBody:
    return {
        "stored": cast("Any", conflict.stored),
        "received": conflict.received,
        "differences": differences(conflict.differences),
    }


def _freshness(freshness: Freshness, now: datetime) -> FreshnessBody:
    newest = freshness.ingested_at
    return {
        "newest_ingested_at": _moment(newest),
        "newest_produced_at": _moment(freshness.produced_at),
        "age_seconds": None if newest is None else _seconds(newest, now),
    }


def _seconds(since: datetime, now: datetime) -> float:
    """Tell how long ago it was; the database's clock may be ahead of ours."""
    return round(max((now - since).total_seconds(), 0.0), 3)


def quarantined_record(record: QuarantinedRecord, language: Language) -> RecordBody:
    """Tell of a refused record without its bytes."""
    return {
        **_refused(record, language),
        "order_uid": record.order_uid,
        "timestamp_type": record.record.timestamp_type,
        "validator_version": record.validator_version,
        "attempt_count": record.attempts,
        "settled_at": _moment(record.settled_at),
        "settled_by": record.settled_by,
        "reason": record.reason,
        "stored_order_uid": record.stored_order_uid,
    }


def details(all_of_it: Details, language: Language) -> RecordDetails:
    """Tell all that is known of a refused record."""
    record = all_of_it.record.record
    return {
        **quarantined_record(all_of_it.record, language),
        "key": _bytes(record.key),
        "value": _bytes(record.value),
        "headers": [
            {"name": _printable(name), "value": _shown(value)} for name, value in record.headers
        ],
        "attempts": [_attempt(one, language) for one in all_of_it.attempts],
        "conflict": _conflict(all_of_it.conflict) if all_of_it.conflict else None,
    }


def _attempt(attempt: Attempt, language: Language) -> AttemptBody:
    return {
        "number": attempt.number,
        "attempted_at": moment(attempt.attempted_at),
        "actor": attempt.actor,
        "outcome": cast("Any", attempt.outcome.value),
        "faults": faults(attempt.faults, language),
        "validator_version": attempt.validator_version,
        "document": _bytes(attempt.document, MOST_DOCUMENT_BYTES),
    }


def _bytes(value: bytes | None, most: int = LARGEST_VALUE_BYTES) -> Bytes | None:
    return None if value is None else _shown(value, most)


def _shown(value: bytes, most: int = LARGEST_VALUE_BYTES) -> Bytes:
    """Show bytes, or the beginning of too many: a function may not answer with more than 6 MB."""
    shown: Bytes
    try:
        shown = {"text": value.decode()[:most]}
    except UnicodeDecodeError:
        shown = {"base64": base64.b64encode(value[:most]).decode()}
    if len(value) > most:
        shown["whole_bytes"] = len(value)
    return shown


def _printable(name: str) -> str:
    """Replace half surrogates, which UTF-8 cannot write."""
    return name.encode(errors="replace").decode()
