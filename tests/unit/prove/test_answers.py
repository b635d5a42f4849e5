import hashlib
import json
from typing import Any

import pytest

from devstack.prove.load.records import Kind, Record, Records
from devstack.prove.reads.answers import ABSENCE_SECONDS, Answer, Known, fault, tells_fate
from devstack.prove.reads.questions import Question, Route
from orders.model import Order

RECORDS = Records(5, 200)
GOOD = next(record for record in RECORDS if record.kind is Kind.GOOD)
BAD = next(record for record in RECORDS if record.kind is Kind.BAD)
NEW = Known(sent=True, settled_seconds=None)
LONG_SETTLED = Known(sent=True, settled_seconds=ABSENCE_SECONDS + 1)
JUST_SETTLED = Known(sent=True, settled_seconds=ABSENCE_SECONDS - 1)
COMING = Known(sent=False, settled_seconds=None)


def _order(value: bytes = GOOD.value or b"", etag: str | None = None) -> Answer:
    digest = hashlib.sha256(GOOD.value or b"").hexdigest()
    return Answer(200, {"etag": etag or f'"{digest}"'}, value)


def _changed(**changes: object) -> bytes:
    return json.dumps({**json.loads(GOOD.value or b""), **changes}).encode()


def _problem(status: int, code: str, **headers: str) -> Answer:
    return Answer(status, headers, json.dumps({"code": code}).encode())


def _status(state: str, record: Record = GOOD, status: int = 200) -> Answer:
    body: dict[str, Any] = {"order_uid": record.key, "state": state}
    return Answer(status, {}, json.dumps(body).encode())


ABSENT = _problem(404, "order_not_found")
AWAY = _problem(503, "store_unavailable", **{"retry-after": "2"})
NOTHING = Answer(404, {}, b"")


def test_what_is_sent_is_canonical_so_that_its_digest_is_the_etag() -> None:
    order = Order.model_validate_json(GOOD.value or b"")

    assert order.digest() == hashlib.sha256(GOOD.value or b"").digest()


@pytest.mark.parametrize(
    ("route", "record", "answer", "known"),
    [
        (Route.ORDER, GOOD, _order(), NEW),
        (Route.ORDER, GOOD, _order(), LONG_SETTLED),
        (Route.ORDER, GOOD, _order(_changed()), NEW),
        (Route.HEAD, GOOD, _order(b""), NEW),
        (Route.ORDER, GOOD, ABSENT, NEW),
        (Route.ORDER, GOOD, ABSENT, JUST_SETTLED),
        (Route.HEAD, GOOD, NOTHING, JUST_SETTLED),
        (Route.ORDER, GOOD, AWAY, LONG_SETTLED),
        (Route.ORDER, GOOD, ABSENT, COMING),
        (Route.ORDER, BAD, ABSENT, LONG_SETTLED),
        (Route.HEAD, BAD, NOTHING, LONG_SETTLED),
        (Route.ORDER, BAD, AWAY, NEW),
        (Route.STATUS, GOOD, _status("stored"), LONG_SETTLED),
        (Route.STATUS, GOOD, _status("unknown"), NEW),
        (Route.STATUS, GOOD, _status("unknown"), COMING),
        (Route.STATUS, GOOD, AWAY, LONG_SETTLED),
        (Route.STATUS, BAD, _status("quarantined", BAD), NEW),
        (Route.STATUS, BAD, _status("unknown", BAD), NEW),
    ],
)
def test_what_the_api_promises_is_right(
    route: Route, record: Record, answer: Answer, known: Known
) -> None:
    assert fault(Question(route, record), answer, known) is None


@pytest.mark.parametrize(
    ("route", "record", "answer", "known", "words"),
    [
        (Route.ORDER, GOOD, ABSENT, LONG_SETTLED, "not found, though"),
        (Route.HEAD, GOOD, NOTHING, LONG_SETTLED, "not found, though"),
        (Route.ORDER, GOOD, _order(), COMING, "not sent yet"),
        (Route.ORDER, GOOD, _order(_changed(locale="xx")), NEW, "another order"),
        (Route.ORDER, GOOD, _order(_changed(items=[])), NEW, "another order"),
        (Route.ORDER, GOOD, _order((GOOD.value or b"")[:-9]), NEW, "another order"),
        (Route.ORDER, GOOD, _order(b""), NEW, "another order"),
        (Route.ORDER, GOOD, _order(etag='"f00"'), NEW, 'ETag of another content: "f00"'),
        (Route.HEAD, GOOD, Answer(200, {}, b""), NEW, "ETag of another content: None"),
        (Route.ORDER, GOOD, _problem(404, "not_found"), NEW, "404 in other words"),
        (Route.ORDER, GOOD, Answer(404, {}, b"<html>"), NEW, "in other words: <html>"),
        (Route.ORDER, GOOD, _problem(503, "store_unavailable"), NEW, "Retry-After"),
        (Route.ORDER, GOOD, Answer(500, {}, b""), NEW, "500: nothing"),
        (Route.ORDER, GOOD, _problem(502, "x"), NEW, "502"),
        (Route.ORDER, GOOD, Answer(304, {}, b""), NEW, "304"),
        (Route.HEAD, GOOD, Answer(504, {}, b""), NEW, "504"),
        (Route.ORDER, BAD, _order(), NEW, "no valid one has this id"),
        (Route.STATUS, GOOD, _status("unknown"), JUST_SETTLED, "not found, though"),
        (Route.STATUS, GOOD, _status("quarantined"), NEW, "must be stored"),
        (Route.STATUS, GOOD, _status("stored"), COMING, "not sent yet"),
        (Route.STATUS, GOOD, _status("stored", BAD), NEW, "of another order"),
        (Route.STATUS, GOOD, _status("stored", status=404), NEW, "404"),
        (Route.STATUS, GOOD, Answer(200, {}, b"[]"), NEW, "must be stored"),
        (Route.STATUS, BAD, _status("stored", BAD), NEW, "must be quarantined"),
    ],
)
def test_what_must_never_be_answered_is_told_in_words(
    route: Route, record: Record, answer: Answer, known: Known, words: str
) -> None:
    assert words in (fault(Question(route, record), answer, known) or "nothing is wrong")


@pytest.mark.parametrize(
    ("route", "answer", "tells"),
    [
        (Route.ORDER, _order(), True),
        (Route.HEAD, _order(b""), True),
        (Route.ORDER, ABSENT, False),
        (Route.ORDER, AWAY, False),
        (Route.STATUS, _status("stored"), True),
        (Route.STATUS, _status("unknown"), False),
    ],
)
def test_an_answer_may_tell_that_a_record_has_its_fate(
    route: Route, answer: Answer, *, tells: bool
) -> None:
    assert tells_fate(Question(route, GOOD), answer) is tells
