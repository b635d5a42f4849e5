"""Correction: a refused record and a document in its place in, what became of it out."""

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

from devstack.quarantine import bulk, editor, tables
from devstack.quarantine.desk import Desk
from devstack.quarantine.editor import Draft
from devstack.quarantine.fixed import Fixed, Outcome
from orders import quarantine
from orders.errors import NotOpenError
from orders.quarantine import QuarantinedRecord, Redriven
from orders.record import Rejection
from orders.validation import Refused

Edit = Callable[[Path], None]
"""Lets the person change a file; raises `UserError` when that cannot be."""
Ask = Callable[[str], bool]


def try_out(desk: Desk, record: QuarantinedRecord, document: bytes, *, dry_run: bool) -> Fixed:
    """Redrive a record with a corrected document; a dry run only holds it to the rules."""
    if document == record.record.value:
        return Fixed(record.id, Outcome.UNCHANGED)
    if dry_run:
        return held_to_the_rules(desk, record, document)
    try:
        done = quarantine.redrive(
            desk.store, record.id, actor=desk.actor, document=document, judge=desk.judge
        )
    except NotOpenError as error:  # somebody was faster
        return Fixed(record.id, Outcome.SETTLED, reason=str(error))
    return of_redrive(done)


def of_redrive(done: Redriven) -> Fixed:
    """Tell what a redrive came to."""
    faults = done.rejection.faults if done.rejection else ()
    return Fixed(done.record_id, Outcome(done.outcome), done.order_uid, faults)


def held_to_the_rules(desk: Desk, record: QuarantinedRecord, document: bytes) -> Fixed:
    """Tell what the rules say of a document, as a dry run does."""
    rejection = judged(desk, record, document)
    outcome = Outcome.REFUSED if rejection else Outcome.ACCEPTED
    return Fixed(record.id, outcome, faults=rejection.faults if rejection else ())


def judged(desk: Desk, record: QuarantinedRecord, document: bytes) -> Rejection | None:
    """Hold a document to the rules."""
    verdict = desk.judge(dataclasses.replace(record.record, value=document))
    return verdict.rejection if isinstance(verdict, Refused) else None


def by_editor(
    desk: Desk, record: QuarantinedRecord, edit: Edit, ask: Ask | None, *, dry_run: bool
) -> Fixed:
    """Let a person correct the value until the rules find no fault, or the person has enough.

    With nobody to `ask`, one look is enough. What was written stays in its file until it is
    stored; raises `UserError` when the editor fails.
    """
    tables.show_faults(record.faults, sys.stderr)
    with editor.draft(record.id, record.record.value) as draft:
        document = _edited(desk, record, edit, draft, ask)
        if document == draft.text:
            return Fixed(record.id, Outcome.UNCHANGED)
        rejection = judged(desk, record, document)
        if rejection:
            return Fixed(record.id, Outcome.REFUSED, faults=rejection.faults)
        done = try_out(desk, record, document, dry_run=dry_run)
        draft.is_done = done.outcome in {Outcome.STORED, Outcome.DUPLICATE}
        return done


def _edited(
    desk: Desk, record: QuarantinedRecord, edit: Edit, draft: Draft, ask: Ask | None
) -> bytes:
    """Return what the person saves at last."""
    while True:
        edit(draft.file)
        document = editor.saved(draft.file)
        rejection = None if document == draft.text else judged(desk, record, document)
        if rejection is None or ask is None:
            return document
        bulk.note("the rules still find:")
        tables.show_faults(rejection.faults, sys.stderr)
        if not ask("edit it again? [Y/n]"):
            return document
