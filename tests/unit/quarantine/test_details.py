import json
from dataclasses import replace

import pytest

from orders import validation
from orders.model import EncodedOrder
from orders.quarantine import DISCARDED
from orders.validation import Accepted
from tests.unit.orders.made import record, sample
from tests.unit.quarantine.fakes import NOON, InMemoryQuarantine, run, store_of

STORED = sample()
NEWCOMER = sample(locale="ru", payment__amount=1)


def conflicting() -> InMemoryQuarantine:
    """Make a quarantine of one record, in conflict with the order that is stored."""
    store = store_of(NEWCOMER)
    accepted = validation.judge(record(STORED))
    assert isinstance(accepted, Accepted)
    body = accepted.order.model_dump_json()
    store.orders[STORED["order_uid"]] = EncodedOrder(STORED["order_uid"], body, "")
    return store


def test_place_reasons_attempts_and_value_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    status = run(store_of(sample(coupon="SPRING")), "show", "1")

    told = capsys.readouterr().out
    assert status == 0
    assert "record 1, open" in told
    assert "orders-0@1" in told
    assert "2023-11-14T22:13:20.001Z CREATE_TIME" in told
    assert "/coupon  unknown_field  coupon is no field of an order" in told
    assert "1   2026-11-21T12:00:00Z  ingestion  refused  its own value" in told
    assert '\n  "track_number": "WBILMTESTTRACK",\n' in told


@pytest.mark.parametrize(
    ("topic", "place"), [("nats:orders", "nats:orders@1"), ("", "posted over HTTP")]
)
def test_the_place_of_what_did_not_come_by_kafka_is_shown_in_its_own_words(
    topic: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = store_of(None)
    came = replace(store.records[1].record, topic=topic)
    store.records[1] = replace(store.records[1], record=came)

    run(store, "show", "1")

    assert f"place        {place}\n" in capsys.readouterr().out


def test_who_settled_it_and_why_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    store = store_of(None)
    store.records[1] = replace(
        store.records[1], state=DISCARDED, settled_at=NOON, settled_by="cli:ann", reason="a test"
    )

    run(store, "show", "1")

    told = capsys.readouterr().out
    assert "record 1, discarded" in told
    assert "2026-11-21T12:00:00Z by cli:ann" in told
    assert "reason       a test" in told
    assert "value: none (a tombstone)" in told


def test_a_conflict_is_shown_field_by_field(capsys: pytest.CaptureFixture[str]) -> None:
    run(conflicting(), "show", "1")

    told = capsys.readouterr().out.splitlines()
    start = told.index("conflict: what is stored stays, this record differs in")
    rows = [line.split() for line in told[start + 1 : start + 4]]
    assert rows == [
        ["path", "stored", "received"],
        ["/payment/amount", "1817", "1"],
        ["/locale", '"en"', '"ru"'],
    ]
    assert "stored order, " in "\n".join(told)


def test_a_program_reads_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    run(conflicting(), "show", "1", "--json")

    told = json.loads(capsys.readouterr().out)
    assert told["conflict"]["stored"] == STORED
    assert json.loads(told["value"]["text"]) == NEWCOMER
    assert told["attempts"][0]["actor"] == "ingestion"


@pytest.mark.parametrize("value", [b"\xff\x00\r\n", b"", None])
def test_the_raw_bytes_are_written_and_nothing_else(
    value: bytes | None, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    run(store_of(value), "show", "1", "--raw")

    assert capsysbinary.readouterr().out == (value or b"")
