"""Attempts: what became of refused records in, their history and their state out."""

import json
from collections.abc import Iterable
from typing import Final

from orders import literals
from orders.database import Session
from orders.quarantine.store import Attempted

# What is tried with another document says nothing new of the record's own value.
_NOTE: Final = """
WITH batch AS (
    SELECT * FROM json_to_recordset(:attempts::json) AS attempt (
        record_id bigint, outcome text, code text, faults jsonb, order_uid text,
        validator_version integer, document text
    )
), noted AS (
    UPDATE quarantined_records AS record SET
        attempts = record.attempts + 1,
        state = CASE outcome WHEN 'refused' THEN 'open' ELSE 'redriven' END,
        settled_at = CASE outcome WHEN 'refused' THEN NULL ELSE now() END,
        settled_by = CASE outcome WHEN 'refused' THEN NULL ELSE :actor::text END,
        stored_order_uid = CASE outcome WHEN 'refused' THEN NULL ELSE batch.order_uid END,
        code = CASE WHEN judged_anew THEN batch.code ELSE record.code END,
        faults = CASE WHEN judged_anew THEN batch.faults ELSE record.faults END,
        order_uid = CASE WHEN judged_anew THEN batch.order_uid ELSE record.order_uid END,
        validator_version = CASE WHEN judged_anew THEN batch.validator_version
            ELSE record.validator_version END
    FROM (
        SELECT *, outcome = 'refused' AND document IS NULL AS judged_anew FROM batch
    ) AS batch
    WHERE record.id = batch.record_id
    RETURNING record.id, record.attempts, batch.outcome, batch.faults AS faults_found,
        batch.validator_version AS judged_by, batch.document
)
INSERT INTO quarantine_attempts (
    record_id, number, actor, outcome, faults, validator_version, document
)
SELECT id, attempts, :actor::text, outcome, faults_found, judged_by, decode(document, 'base64')
FROM noted
"""


def note(session: Session, attempted: Iterable[Attempted], actor: str) -> None:
    """Add an attempt to each record; close those that an order came of."""
    rows = [literals.attempt_row(one) for one in attempted]
    if rows:
        session.run(_NOTE, attempts=json.dumps(rows), actor=actor)
