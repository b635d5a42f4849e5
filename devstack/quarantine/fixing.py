"""Fixing: corrections from options, a file or an editor in, records redriven with them out."""

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from devstack.console import say
from devstack.errors import UserError
from devstack.quarantine import bulk, correction, fixed, selection
from devstack.quarantine.desk import Desk
from devstack.quarantine.editing import Edit, NotEditableError, edited
from devstack.quarantine.editor import Editor
from devstack.quarantine.fixed import Fixed, Outcome
from orders import quarantine
from orders.quarantine import OPEN, QuarantinedRecord, Redriven


def run(arguments: Namespace, desk: Desk) -> int:
    """Correct and redrive; 0 when every record that is meant is stored now, or was already."""
    if arguments.edits and arguments.file is not None:
        message = "--file gives the whole document; leave out --set and --remove, or --file"
        raise UserError(message)
    done: list[Fixed] = []

    def settle(one: Fixed) -> None:
        done.append(one)
        if arguments.json:
            say(fixed.line(one))

    if arguments.edits:
        _by_edits(arguments, desk, settle)
    else:
        settle(_by_document(arguments, desk))
    if not arguments.json:
        fixed.tell(done)
    return fixed.status(done)


def _by_document(arguments: Namespace, desk: Desk) -> Fixed:
    record = _only_one(arguments, desk)
    if arguments.file is not None:
        document = _document(arguments.file)
        return correction.try_out(desk, record, document, dry_run=arguments.dry_run)
    ask = _ask if sys.stdin.isatty() else None
    edit = Editor.of(desk.editor).open
    return correction.by_editor(desk, record, edit, ask, dry_run=arguments.dry_run)


def _by_edits(arguments: Namespace, desk: Desk, settle: Callable[[Fixed], None]) -> None:
    chosen = selection.to_act_on(arguments)
    for one in desk.settled(chosen.ids):
        settle(Fixed(one.id, Outcome.SETTLED, reason=f"it is {one.state} already"))
    bench = _Bench(desk, arguments.edits, settle, dry_run=arguments.dry_run)
    total = quarantine.count(desk.store, chosen).total()
    with bulk.counted("fixing", total, dry_run=arguments.dry_run) as on_progress:
        redriven = quarantine.correct_all(
            desk.store, chosen, actor=desk.actor, correct=bench.document, judge=desk.judge
        )
        for some in redriven:
            bench.settle(some)
            on_progress(bench.done)


class _Bench:
    """Where records are corrected: those that go on from here, and those that do not."""

    def __init__(
        self, desk: Desk, edits: list[Edit], tell: Callable[[Fixed], None], *, dry_run: bool
    ) -> None:
        self.done = 0
        self._desk = desk
        self._edits = edits
        self._tell = tell
        self._dry_run = dry_run
        self._on_their_way: set[int] = set()

    def document(self, record: QuarantinedRecord) -> bytes | None:
        """Return what is to be tried in place of a record; None for one that stays here."""
        corrected = self._corrected(record)
        if isinstance(corrected, Fixed):
            self._told(corrected)
            return None
        self._on_their_way.add(record.id)
        return corrected

    def _corrected(self, record: QuarantinedRecord) -> bytes | Fixed:
        try:
            document = edited(record.record.value, self._edits)
        except NotEditableError as error:
            return Fixed(record.id, Outcome.NOT_EDITABLE, reason=str(error))
        if document == record.record.value:
            return Fixed(record.id, Outcome.UNCHANGED)
        if self._dry_run:
            return correction.held_to_the_rules(self._desk, record, document)
        return document

    def settle(self, redriven: Sequence[Redriven]) -> None:
        """Say what became of those that went on; one that is missing was taken by somebody else."""
        for one in redriven:
            self._told(correction.of_redrive(one))
        for record_id in sorted(self._on_their_way - {one.record_id for one in redriven}):
            self._told(Fixed(record_id, Outcome.SETTLED, reason="it is settled by now"))
        self._on_their_way.clear()

    def _told(self, one: Fixed) -> None:
        self.done += 1
        self._tell(one)


def _only_one(arguments: Namespace, desk: Desk) -> QuarantinedRecord:
    """Return the one record that a document is for; raises `UserError` when it cannot be told."""
    chosen = selection.to_act_on(arguments)
    if len(chosen.ids) != 1:
        message = "name one id; --set and --remove correct many records at once"
        raise UserError(message)
    record = quarantine.show(desk.store, chosen.ids[0]).record
    if record.state != OPEN:
        message = f"record {record.id} is {record.state} already; it stays so"
        raise UserError(message)
    return record


def _document(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        message = f"{file}: {error.strerror}"
        raise UserError(message) from error


def _ask(question: str) -> bool:
    sys.stderr.write(f"{question} ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in {"", "y", "yes"}
