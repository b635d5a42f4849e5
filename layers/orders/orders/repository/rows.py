"""Rows: what PostgreSQL answers in, refused records and attempts out."""

import json
from typing import Final

from orders import literals
from orders.database import Row
from orders.quarantine import Attempt, QuarantinedRecord
from orders.record import Record
from orders.settlement import Outcome

RECORD_COLUMNS: Final = """
id, state, faults::text, order_uid, validator_version, attempts, quarantined_at,
settled_at, settled_by, reason, stored_order_uid,
topic, partition, record_offset, (extract(epoch FROM produced_at) * 1000)::bigint,
timestamp_type, key, headers::text"""
"""All but the value, which comes last."""
ATTEMPT_COLUMNS: Final = """
number, attempted_at, actor, outcome, faults::text, validator_version, document"""


def record(row: Row) -> QuarantinedRecord:
    """Read RECORD_COLUMNS and a value."""
    record_id, state, faults, order_uid, version, attempts, quarantined_at = row[:7]
    settled_at, settled_by, reason, stored_order_uid = row[7:11]
    return QuarantinedRecord(
        id=record_id,
        state=state,
        faults=literals.faults(json.loads(faults)),
        record=_delivered(row[11:]),
        order_uid=order_uid,
        validator_version=version,
        attempts=attempts,
        quarantined_at=quarantined_at,
        settled_at=settled_at,
        settled_by=settled_by,
        reason=reason,
        stored_order_uid=stored_order_uid,
    )


def attempt(row: Row) -> Attempt:
    """Read ATTEMPT_COLUMNS."""
    number, attempted_at, actor, outcome, faults, version, document = row
    return Attempt(
        number=number,
        attempted_at=attempted_at,
        actor=actor,
        outcome=Outcome(outcome),
        faults=literals.faults(json.loads(faults)),
        validator_version=version,
        document=document,
    )


def _delivered(row: Row) -> Record:
    topic, partition, offset, produced_at_ms, timestamp_type, key, headers, value = row
    return Record(
        topic=topic,
        partition=partition,
        offset=offset,
        produced_at_ms=produced_at_ms,
        timestamp_type=timestamp_type,
        key=key,
        value=value,
        headers=literals.headers(json.loads(headers)),
    )
