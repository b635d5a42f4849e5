"""What an operator sees of the quarantine over HTTP."""

import json
from datetime import UTC, datetime

import pytest

from orders.api.quarantine import QuarantineApi
from orders.quarantine import Attempt, Selection
from orders.record import Record
from orders.settlement import Outcome
from orders.validation import judge
from tests.unit.orders.asking import Answer, ask, request
from tests.unit.orders.fakes_api import CONFLICT, FAULT, NOON, InMemoryQuarantine, quarantined
from tests.unit.orders.made import ORDER_UID, SAMPLE_VALUE, record, sample

JSON = {"Content-Type": "application/json"}
OPERATOR = "arn:aws:iam::111122223333:user/operator"
CORRECT = quarantined(record=record(SAMPLE_VALUE))


@pytest.fixture
def store() -> InMemoryQuarantine:
    return InMemoryQuarantine(records={1: quarantined()})


@pytest.fixture
def api(store: InMemoryQuarantine) -> QuarantineApi:
    return QuarantineApi(store, judge)


def post(api: QuarantineApi, path: str, body: bytes | None = None, **query: str) -> Answer:
    return request(api, "POST", path, body=body, headers=JSON if body else {}, query=query)


# Looking


def test_a_record_is_listed_without_its_bytes(api: QuarantineApi) -> None:
    answer = request(api, "GET", "/quarantine")

    assert answer.json() == {
        "records": [
            {
                "id": 1,
                "state": "open",
                "code": "wrong_type",
                "faults": [
                    {
                        "path": "/sm_id",
                        "code": "wrong_type",
                        "sentence": FAULT.sentence,
                        "value": '"99"',
                    }
                ],
                "source": "kafka",
                "topic": "orders",
                "partition": 2,
                "offset": 41,
                "produced_at": "2026-01-01T12:00:00Z",
                "quarantined_at": "2026-01-01T12:01:00Z",
                "order_uid": None,
                "timestamp_type": "CREATE_TIME",
                "validator_version": 2,
                "attempt_count": 1,
                "settled_at": None,
                "settled_by": None,
                "reason": None,
                "stored_order_uid": None,
            }
        ],
        "next_cursor": None,
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_filter_is_passed_on(api: QuarantineApi, store: InMemoryQuarantine) -> None:
    query = {
        "state": "discarded",
        "code": "not_json",
        "topic": "orders",
        "since": "2026-01-01T03:00:00+03:00",
        "until": "2026-01-02T00:00:00.5Z",
        "text": "a, 'b' %",
        "order_uid": ORDER_UID,
    }

    request(api, "GET", "/quarantine", query=query)

    assert store.selections == [
        Selection(
            state="discarded",
            code="not_json",
            topic="orders",
            since=datetime(2026, 1, 1, tzinfo=UTC),
            until=datetime(2026, 1, 2, 0, 0, 0, 500_000, tzinfo=UTC),
            text="a, 'b' %",
            order_uid=ORDER_UID,
        )
    ]


def test_the_open_ones_are_listed_unless_another_state_is_asked_for(
    api: QuarantineApi, store: InMemoryQuarantine
) -> None:
    for query in ({}, {"state": "open"}, {"state": "all"}):
        request(api, "GET", "/quarantine", query=query)

    assert [one.state for one in store.selections] == ["open", "open", None]


def test_the_sample_event_asks_for_some_of_them(
    api: QuarantineApi, store: InMemoryQuarantine
) -> None:
    answer = ask(api, "api_quarantine_list.json")

    assert answer.status == 200
    assert store.selections == [
        Selection(code="wrong_type", since=datetime(2026, 1, 1, tzinfo=UTC))
    ]


def test_the_pages_lead_through_all_records_by_cursor_and_by_link(
    api: QuarantineApi, store: InMemoryQuarantine
) -> None:
    store.records = {number: quarantined(number) for number in range(1, 6)}
    seen: list[int] = []
    query = {"topic": "a b", "limit": "2"}

    while True:
        answer = request(api, "GET", "/quarantine", query=query)
        seen += [one["id"] for one in answer.json()["records"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
        link = f'</quarantine?topic=a%20b&limit=2&cursor={cursor}>; rel="next"'
        assert answer.headers["Link"] == link
        query["cursor"] = cursor

    assert seen == [5, 4, 3, 2, 1]
    assert "Link" not in answer.headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "closed"),
        ("state", ""),
        ("until", ""),
        ("limit", ""),
        ("cursor", ""),
        ("code", "a\0"),
        ("text", "a" * 256),
        ("since", "yesterday"),
        ("since", "2026-01-01"),
        ("since", "2026-01-01T00:00:00"),
        ("since", "2026-02-30T00:00:00Z"),
        ("until", "0001-01-01T00:00:00+15:00"),
        ("until", "2026-01-01T00:00:00+99:00"),
        ("limit", "0"),
        ("cursor", "x"),
        ("cursor", "9" * 19),
    ],
)
def test_a_filter_that_makes_no_sense_is_the_clients_fault(
    api: QuarantineApi, name: str, value: str
) -> None:
    answer = request(api, "GET", "/quarantine", query={name: value})

    assert answer.problem() == (400, f"malformed_{name}")


def test_an_empty_text_filters_nothing(api: QuarantineApi, store: InMemoryQuarantine) -> None:
    query = {"code": "", "topic": "", "text": "", "order_uid": ""}

    request(api, "GET", "/quarantine", query=query)

    assert store.selections == [Selection()]


def test_a_misspelt_parameter_does_not_pass_for_none(
    api: QuarantineApi, store: InMemoryQuarantine
) -> None:
    lists = request(api, "GET", "/quarantine", query={"topics": "orders"})
    redrives = post(api, "/quarantine/1/redrive", SAMPLE_VALUE, Force="true")

    assert lists.problem() == redrives.problem() == (400, "unknown_parameter")
    assert store.selections == []
    assert store.actors == []


def test_a_plus_that_became_a_space_is_an_offset_all_the_same(
    api: QuarantineApi, store: InMemoryQuarantine
) -> None:
    request(api, "GET", "/quarantine", query={"since": "2026-01-01t03:00:00 03:00"})

    assert store.selections[0].since == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_record_is_shown_with_all_that_is_known_of_it(
    api: QuarantineApi, store: InMemoryQuarantine
) -> None:
    store.records[1] = quarantined(
        record=Record(
            topic="orders",
            partition=0,
            offset=7,
            produced_at_ms=None,
            timestamp_type="",
            key=None,
            value=b"\xff",
            headers=(("b", b"1"), ("a", b"\xfe"), ("b\ud800", b"")),
        )
    )
    store.tried[1] = [
        Attempt(
            number=1,
            attempted_at=NOON,
            actor="ingestion",
            outcome=Outcome.REFUSED,
            faults=(FAULT,),
            validator_version=2,
            document=None,
        )
    ]

    shown = ask(api, "api_quarantine_record.json").json()

    assert shown["key"] is None
    assert shown["value"] == {"base64": "/w=="}
    assert shown["headers"] == [
        {"name": "b", "value": {"text": "1"}},
        {"name": "a", "value": {"base64": "/g=="}},
        {"name": "b?", "value": {"text": ""}},
    ]
    assert shown["produced_at"] is None
    assert shown["conflict"] is None
    (attempt,) = shown["attempts"]
    assert attempt == {
        "number": 1,
        "attempted_at": "2026-01-01T12:00:00Z",
        "actor": "ingestion",
        "outcome": "refused",
        "faults": shown["faults"],
        "validator_version": 2,
        "document": None,
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"x" * 2_000_000, {"text": "x" * 1_048_576, "whole_bytes": 2_000_000}),
        (b"\xff" * 1_048_577, {"base64": "/" * 1_398_100 + "/w==", "whole_bytes": 1_048_577}),
    ],
)
def test_of_a_value_too_large_for_an_answer_the_beginning_is_shown(
    api: QuarantineApi, store: InMemoryQuarantine, value: bytes, shown: dict[str, object]
) -> None:
    store.records[1] = quarantined(1, record=record(value))

    assert ask(api, "api_quarantine_record.json").json()["value"] == shown


def test_a_conflict_is_shown_beside_the_stored_order(
    api: QuarantineApi, store: InMemoryQuarantine
) -> None:
    post(api, "/quarantine/1/redrive", SAMPLE_VALUE)
    newcomer = record(sample(entry="other"))
    store.records[2] = quarantined(2, faults=(CONFLICT,), order_uid=ORDER_UID, record=newcomer)

    conflict = request(api, "GET", "/quarantine/2").json()["conflict"]

    assert conflict["stored"] == sample()
    assert conflict["received"] == sample(entry="other")
    assert conflict["differences"] == [{"path": "/entry", "stored": "WBIL", "received": "other"}]


@pytest.mark.parametrize("action", ["", "/redrive", "/discard"])
@pytest.mark.parametrize("number", ["0", "-1", "a", "1.5", "9" * 19, "ё", "%31", '"'])
def test_a_number_that_is_none_is_the_clients_fault(
    api: QuarantineApi, number: str, action: str
) -> None:
    path, body = f"/quarantine/{number}{action}", b'{"reason":"a"}'

    answer = post(api, path, body) if action else request(api, "GET", path)

    assert answer.problem() == (400, "malformed_id")


def test_a_record_that_is_not_there_is_not_found(api: QuarantineApi) -> None:
    for answer in (
        request(api, "GET", "/quarantine/2"),
        post(api, "/quarantine/2/redrive"),
        post(api, "/quarantine/2/discard", b'{"reason":"a"}'),
    ):
        assert answer.problem() == (404, "quarantined_record_not_found")


# Redriving


def test_a_record_is_redriven_as_it_is(api: QuarantineApi, store: InMemoryQuarantine) -> None:
    store.records[1] = CORRECT

    answer = ask(api, "api_quarantine_redrive.json")

    assert answer.status == 200
    assert answer.json() == {
        "id": 1,
        "outcome": "stored",
        "state": "redriven",
        "order_uid": ORDER_UID,
    }
    assert store.records[1].state == "redriven"
    assert store.actors == [OPERATOR]


def test_a_corrected_document_is_tried_in_its_place_and_its_bytes_are_passed_on(
    api: QuarantineApi, store: InMemoryQuarantine
) -> None:
    assert ask(api, "api_quarantine_redrive_corrected.json").json()["outcome"] == "stored"

    store.records[2] = quarantined(2)
    assert post(api, "/quarantine/2/redrive", SAMPLE_VALUE).json()["outcome"] == "duplicate"


def test_a_record_that_is_refused_again_has_its_faults_told(
    api: QuarantineApi, store: InMemoryQuarantine
) -> None:
    answer = post(api, "/quarantine/1/redrive")

    status, code = answer.problem("faults")
    assert (status, code) == (422, answer.json()["faults"][0]["code"])
    assert store.records[1].attempts == 2


@pytest.mark.parametrize(
    ("body", "code"), [(b"{", "not_json"), (b"\xff", "not_utf8"), (b" " * 1_048_577, "too_large")]
)
def test_a_correction_that_is_no_json_is_refused_like_the_record(
    api: QuarantineApi, body: bytes, code: str
) -> None:
    assert post(api, "/quarantine/1/redrive", body).problem("faults") == (422, code)


def test_a_conflict_stays_one(api: QuarantineApi, store: InMemoryQuarantine) -> None:
    post(api, "/quarantine/1/redrive", SAMPLE_VALUE)
    store.records[2] = quarantined(2, record=record(sample(entry="other")))

    answer = post(api, "/quarantine/2/redrive")

    assert answer.problem("faults") == (409, "conflict")


def test_a_settled_record_stays_settled(api: QuarantineApi, store: InMemoryQuarantine) -> None:
    store.records[1] = quarantined(state="discarded")

    for answer in (
        post(api, "/quarantine/1/redrive"),
        post(api, "/quarantine/1/discard", b'{"reason":"a"}'),
    ):
        assert answer.problem() == (409, "not_open")


def test_the_loop_guard_lets_a_record_pass_by_force_alone(
    api: QuarantineApi, store: InMemoryQuarantine
) -> None:
    store.records[1] = quarantined(record=record(SAMPLE_VALUE), attempts=5)

    held = post(api, "/quarantine/1/redrive", force="false")
    passed = post(api, "/quarantine/1/redrive", force="true")

    assert held.problem() == (409, "redrive_limit")
    assert passed.status == 200


def test_force_is_true_or_false(api: QuarantineApi) -> None:
    answer = post(api, "/quarantine/1/redrive", force="1")

    assert answer.problem() == (400, "malformed_force")


@pytest.mark.parametrize("action", ["redrive", "discard"])
def test_a_body_that_is_not_json_by_its_name_is_not_read(api: QuarantineApi, action: str) -> None:
    answer = request(api, "POST", f"/quarantine/1/{action}", body=b'{"reason":"a"}')

    assert answer.problem() == (415, "unsupported_media_type")
    assert answer.headers["Accept-Post"] == "application/json"


def test_an_actor_without_a_name_is_known_by_address(
    api: QuarantineApi, store: InMemoryQuarantine
) -> None:
    post(api, "/quarantine/1/redrive", SAMPLE_VALUE)

    assert store.actors == ["http:192.0.2.1"]


# Discarding


def test_a_record_is_discarded_with_a_reason(api: QuarantineApi) -> None:
    answer = ask(api, "api_quarantine_discard.json")

    assert answer.status == 200
    discarded = answer.json()
    assert (discarded["id"], discarded["state"]) == (1, "discarded")
    assert discarded["reason"] == "A test of the producer."
    assert discarded["settled_by"] == OPERATOR
    assert discarded["settled_at"] == "2026-01-01T12:00:00Z"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "reason",
        {"reason": ""},
        {"reason": 1},
        {"reason": None},
        {"reason": "a" * 1001},
        {"reason": "\0"},
        {"reason": "\ud800"},
        {"reason": "a", "state": "open"},
    ],
)
def test_a_reason_that_is_none_is_refused(api: QuarantineApi, body: object) -> None:
    answer = post(api, "/quarantine/1/discard", json.dumps(body).encode())

    assert answer.problem() == (422, "malformed_reason")


@pytest.mark.parametrize("reason", ["a", "б" * 1000])
def test_a_reason_has_one_to_a_thousand_characters(api: QuarantineApi, reason: str) -> None:
    answer = post(api, "/quarantine/1/discard", json.dumps({"reason": reason}).encode())

    assert answer.json()["reason"] == reason


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_a_reason_that_is_no_json_is_the_clients_fault(api: QuarantineApi, body: bytes) -> None:
    assert post(api, "/quarantine/1/discard", body).problem() == (400, "not_json")


# All of it


def test_a_store_that_is_down_is_told(api: QuarantineApi, store: InMemoryQuarantine) -> None:
    store.fails = True

    assert request(api, "GET", "/quarantine").problem() == (503, "store_unavailable")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/quarantine", "GET, HEAD"),
        ("/quarantine/1", "GET, HEAD"),
        ("/quarantine/1/redrive", "POST"),
        ("/quarantine/1/discard", "POST"),
    ],
)
def test_another_method_is_told_which_are_allowed(
    api: QuarantineApi, path: str, allowed: str
) -> None:
    for method in ("DELETE", "OPTIONS", "TRACE"):
        answer = request(api, method, path)
        assert answer.problem() == (405, "method_not_allowed")
        assert answer.headers["Allow"] == allowed


def test_head_is_answered_like_get_without_a_body(api: QuarantineApi) -> None:
    for path in ("/quarantine", "/quarantine/1"):
        head, full = request(api, "HEAD", path), request(api, "GET", path)
        assert (head.status, head.body) == (200, "")
        assert head.headers.keys() == full.headers.keys()
