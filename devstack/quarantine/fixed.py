"""Fixed: what became of each record that was to be corrected in, words and lines of JSON out."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from devstack.console import say
from devstack.quarantine import bulk, documents, tables
from devstack.quarantine.text import one_line
from orders.record import Fault


class Outcome(StrEnum):
    """What became of a record."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    """In a dry run: the rules find no fault."""
    UNCHANGED = "unchanged"
    NOT_EDITABLE = "not_editable"
    SETTLED = "settled_before"


_GOOD = frozenset({Outcome.STORED, Outcome.DUPLICATE, Outcome.ACCEPTED})
_SENTENCES = {
    Outcome.STORED: "record {id} is redriven: order {uid} is stored",
    Outcome.DUPLICATE: "record {id} is redriven: order {uid} was stored with the same content",
    Outcome.REFUSED: "record {id} is still refused",
    Outcome.ACCEPTED: "record {id}: the rules find no fault in it; nothing was written",
    Outcome.UNCHANGED: "record {id}: nothing was changed; redrive tries it as it is",
    Outcome.NOT_EDITABLE: "record {id} was not tried: {reason}",
    Outcome.SETTLED: "record {id} was not tried: {reason}",
}
_TITLES = {
    Outcome.STORED: "stored",
    Outcome.DUPLICATE: "duplicates",
    Outcome.REFUSED: "still refused",
    Outcome.ACCEPTED: "without fault (a dry run; nothing was written)",
    Outcome.UNCHANGED: "nothing to change",
    Outcome.NOT_EDITABLE: "cannot be corrected this way",
    Outcome.SETTLED: "settled before",
}


class Fixed(NamedTuple):
    """What became of one record."""

    record_id: int
    outcome: Outcome
    order_uid: str | None = None
    faults: tuple[Fault, ...] = ()
    reason: str = ""
    """Why it was not tried."""


def status(done: Sequence[Fixed]) -> int:
    """Return 0 when all of it went well."""
    return 0 if all(one.outcome in _GOOD for one in done) else 1


def line(one: Fixed) -> str:
    """Write one record for programs."""
    return documents.line(
        {
            "id": one.record_id,
            "outcome": str(one.outcome),
            "order_uid": one.order_uid,
            "faults": documents.faults(one.faults),
            "reason": one.reason or None,
        }
    )


def tell(done: Sequence[Fixed]) -> None:
    """Tell a person of one record in full, and of many in numbers."""
    if len(done) == 1:
        _tell_one(done[0])
    else:
        _tell_many(done)


def _tell_one(one: Fixed) -> None:
    sentence = _SENTENCES[one.outcome]
    say(sentence.format(id=one.record_id, uid=one.order_uid, reason=one_line(one.reason)))
    if one.faults:
        tables.show_faults(one.faults)


def _tell_many(done: Sequence[Fixed]) -> None:
    say(f"tried to correct {bulk.records(len(done))}")
    for outcome, count in Counter(one.outcome for one in done).most_common():
        say(f"  {_TITLES[outcome]}: {count}")
        reasons = Counter(
            one.faults[0].code if one.faults else one.reason
            for one in done
            if one.outcome is outcome
        )
        for reason, many in reasons.most_common():
            if reason:
                say(f"    {one_line(reason)}: {many}")
