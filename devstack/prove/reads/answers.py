"""Answers: what a reader asked, was told and could know in, what is wrong with it out.

What may be answered follows from what the API promises (README, "The API"): an order that has its
fate is found, whole and unchanged, or the store is said to be away; nothing else ever is.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from devstack.prove.load.records import Kind
from devstack.prove.reads.questions import Question, Route
from orders.cache import ABSENT_SECONDS
from orders.lookup import STORE_SECONDS

ABSENCE_SECONDS = STORE_SECONDS + ABSENT_SECONDS + 0.5
"""How long after its commit an order may be told absent: one environment began to look before,
heard of it as late as it waits for the store, and believed it for a moment."""
_SHOWN_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """What could be known of the record."""

    sent: bool
    """Whether it had been sent when the answer came."""
    settled_seconds: float | None
    """For how long it had had its fate, at least, when it was asked for; None: who knows."""


def fault(question: Question, answer: Answer, known: Known) -> str | None:
    """Return what is wrong with an answer, if anything."""
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return None if answer.headers.get("retry-after") else "503 without Retry-After"
    is_status = question.route is Route.STATUS
    faults = (
        _of_status(question, answer, known) if is_status else _of_order(question, answer, known)
    )
    return next(faults, None)


def tells_fate(question: Question, answer: Answer) -> bool:
    """Tell whether a right answer says that the record has its fate."""
    if answer.status != HTTPStatus.OK:
        return False
    return question.route is not Route.STATUS or _member(answer, "state") != "unknown"


def _of_order(question: Question, answer: Answer, known: Known) -> Iterator[str]:
    if answer.status == HTTPStatus.OK:
        if question.record.kind is not Kind.GOOD:
            yield "an order, although no valid one has this id"
        elif not known.sent:
            yield "an order that was not sent yet"
        yield from _of_content(question, answer)
    elif answer.status == HTTPStatus.NOT_FOUND:
        if question.record.kind is Kind.GOOD:
            yield from _of_absence(known, ABSENCE_SECONDS)
        if question.route is Route.ORDER and _member(answer, "code") != "order_not_found":
            yield f"404 in other words: {_shown(answer)}"
    else:
        yield f"{answer.status}: {_shown(answer)}"


def _of_content(question: Question, answer: Answer) -> Iterator[str]:
    value = question.record.value or b""
    digest = hashlib.sha256(value).hexdigest()
    if question.route is Route.ORDER and _document(answer) != json.loads(value):
        yield f"another order than was sent: {_shown(answer)}"
    if answer.headers.get("etag") != f'"{digest}"':
        yield f"an ETag of another content: {answer.headers.get('etag')}"


def _of_status(question: Question, answer: Answer, known: Known) -> Iterator[str]:
    fate = "stored" if question.record.kind is Kind.GOOD else "quarantined"
    state = _member(answer, "state") if answer.status == HTTPStatus.OK else None
    if state == "unknown":
        yield from _of_absence(known, 0.0)
    elif state != fate:
        yield f"not the status of what must be {fate}: {answer.status} {_shown(answer)}"
    elif not known.sent:
        yield f"{fate}, but it was not sent yet"
    if _member(answer, "order_uid") != question.record.key:
        yield f"the status of another order: {_shown(answer)}"


def _of_absence(known: Known, seconds: float) -> Iterator[str]:
    settled = known.settled_seconds
    if settled is not None and settled > seconds:
        yield f"not found, though it had been there for {settled:.1f} s when it was asked for"


def _member(answer: Answer, name: str) -> object:
    document = _document(answer)
    return document.get(name) if isinstance(document, dict) else None


def _document(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def _shown(answer: Answer) -> str:
    return answer.body.decode(errors="replace")[:_SHOWN_CHARACTERS] or "nothing"
