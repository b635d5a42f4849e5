"""Redriving: refused records in, their fates under the rules and transaction of ingestion out."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from orders import settlement, validation
from orders.errors import InvalidRequestError, RedriveLimitError
from orders.quarantine.inspection import not_open, one
from orders.quarantine.records import OPEN, QuarantinedRecord, Selection
from orders.quarantine.slices import slices
from orders.quarantine.store import WRITE_SECONDS, Attempted, QuarantineStore, QuarantineTransaction
from orders.record import Rejection
from orders.settlement import Judge, Outcome
from orders.validation import Refused, Verdict

MOST_ATTEMPTS: Final = 5
"""The loop guard: a record that met the rules so often is only redriven by force, or corrected."""

Progress = Callable[[int], None]
"""Told how many records are done."""


class Redriven(NamedTuple):
    """What a redrive came to; the rejection where it was refused again."""

    record_id: int
    outcome: Outcome
    order_uid: str | None
    rejection: Rejection | None


@dataclass(frozen=True)
class Redrives:
    """What became of many records."""

    stored: int = 0
    duplicates: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """How many, by the code of the first fault."""
    passed_over: int = 0
    """How many the loop guard kept back."""

    def __add__(self, other: "Redrives") -> "Redrives":
        return Redrives(
            self.stored + other.stored,
            self.duplicates + other.duplicates,
            self.refused + other.refused,
            self.passed_over + other.passed_over,
        )


class _Pending(NamedTuple):
    """A record on its way through the rules once more."""

    record_id: int
    verdict: Verdict
    document: bytes | None = None


def redrive(  # noqa: PLR0913 - all but two are named
    store: QuarantineStore,
    record_id: int,
    *,
    actor: str,
    document: bytes | None = None,
    force: bool = False,
    judge: Judge = validation.judge,
) -> Redriven:
    """Try a record again, or a corrected document in its place.

    Raises RecordNotFoundError, NotOpenError, and RedriveLimitError where the loop guard holds.
    """
    found = one(store, record_id)
    if found.state != OPEN:
        raise not_open(found)
    if document is None and not force and found.attempts >= MOST_ATTEMPTS:
        message = (
            f"Record {record_id} was tried {found.attempts} times; correct it, or redrive by force."
        )
        raise RedriveLimitError(message)
    attempted = _settle([_pending(found, judge, document)], store, actor, keep=True)
    if not attempted:  # somebody was faster
        raise not_open(one(store, record_id))
    return _redriven(attempted[0])


def redrive_all(  # noqa: PLR0913 - all but two are named
    store: QuarantineStore,
    selection: Selection,
    *,
    actor: str,
    force: bool = False,
    dry_run: bool = False,
    judge: Judge = validation.judge,
    on_progress: Progress = lambda _: None,
) -> Redrives:
    """Try all records that are meant and open, a thousand a transaction.

    Records that come in meanwhile are left for another time. A dry run takes each transaction
    back, so what it tells is what would happen.
    """
    total, done = Redrives(), 0
    for some in slices(store, selection):
        ids = tuple(each.id for each in some if force or each.attempts < MOST_ATTEMPTS)
        total += Redrives(passed_over=len(some) - len(ids))
        records = store.read(ids, seconds=WRITE_SECONDS) if ids else []
        pending = [_pending(record, judge) for record in records]
        total += _counted(_settle(pending, store, actor, keep=not dry_run))
        done += len(some)
        on_progress(done)
    return total


def correct_all(
    store: QuarantineStore,
    selection: Selection,
    *,
    actor: str,
    correct: Callable[[QuarantinedRecord], bytes | None],
    judge: Judge = validation.judge,
) -> Iterator[list[Redriven]]:
    """Try a corrected document in place of each record that is meant and open.

    Where `correct` returns None a record is left alone. Yields what became of the others, a
    thousand at the most at a time; who is faster with a record takes it out of them.
    """
    for some in slices(store, selection):
        records = store.read([each.id for each in some], seconds=WRITE_SECONDS)
        documents = ((record, correct(record)) for record in records)
        pending = [_pending(record, judge, new) for record, new in documents if new is not None]
        yield [_redriven(each) for each in _settle(pending, store, actor, keep=True)]


def _settle(
    pending: Sequence[_Pending], store: QuarantineStore, actor: str, *, keep: bool
) -> list[Attempted]:
    """Settle in one transaction; in several around what the store refuses as bad data."""

    def transact(some: Sequence[_Pending]) -> list[Attempted]:
        return store.transact(
            lambda transaction: _apply(some, transaction, actor), seconds=WRITE_SECONDS, keep=keep
        )

    parts = settlement.around_refusals(pending, transact, _refused_by_store) if pending else []
    return [one for part in parts for one in part]


def _apply(
    pending: Sequence[_Pending], transaction: QuarantineTransaction, actor: str
) -> list[Attempted]:
    still_open = transaction.lock_open([one.record_id for one in pending])
    pending = [one for one in pending if one.record_id in still_open]
    fates = settlement.settle([one.verdict for one in pending], transaction)
    attempted = [
        Attempted(one.record_id, fate, one.document)
        for one, fate in zip(pending, fates, strict=True)
    ]
    transaction.note_attempts(attempted, actor)
    return attempted


def _pending(found: QuarantinedRecord, judge: Judge, document: bytes | None = None) -> _Pending:
    record = found.record
    if document is not None:
        record = dataclasses.replace(record, value=document)
    return _Pending(found.id, judge(record), document)


def _refused_by_store(pending: _Pending, error: InvalidRequestError) -> _Pending:
    return pending._replace(verdict=settlement.refused_by_store(pending.verdict, error))


def _redriven(attempted: Attempted) -> Redriven:
    outcome, verdict = attempted.fate
    if isinstance(verdict, Refused):
        rejection = verdict.rejection
        return Redriven(attempted.record_id, outcome, rejection.order_uid, rejection)
    return Redriven(attempted.record_id, outcome, verdict.order.order_uid, None)


def _counted(attempted: Sequence[Attempted]) -> Redrives:
    outcomes = Counter(one.fate.outcome for one in attempted)
    verdicts = [one.fate.verdict for one in attempted]
    return Redrives(
        stored=outcomes[Outcome.STORED],
        duplicates=outcomes[Outcome.DUPLICATE],
        refused=Counter(one.rejection.code for one in verdicts if isinstance(one, Refused)),
    )
