"""What is an order and what is not: every rule, and what its refusal tells."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orders.model import Order
from orders.record import Fault, Record, Rejection
from orders.validation import LARGEST_VALUE_BYTES, MOST_FAULTS, Accepted, judge, read_order
from tests.unit.orders.made import ORDER_UID, SAMPLE_VALUE, orders, record, sample

LEAST_ITEM = {name: type(value)() for name, value in sample()["items"][0].items()}


def faults(value: object, *, strict_totals: bool = False) -> list[tuple[str, str]]:
    verdict = read_order(record(value), strict_totals=strict_totals)
    assert isinstance(verdict, Rejection)
    return [(fault.path, fault.code) for fault in verdict.faults]


def test_the_canonical_order_of_the_seeds_is_accepted_as_it_stands() -> None:
    order = read_order(record(SAMPLE_VALUE), strict_totals=True)

    assert isinstance(order, Order)
    assert json.loads(order.model_dump_json()) == sample()


@given(orders())
def test_what_is_accepted_comes_out_equal_as_json(document: dict[str, Any]) -> None:
    order = read_order(record(document))

    assert isinstance(order, Order)
    assert json.loads(order.model_dump_json()) == document


@given(orders(), st.data())
def test_the_quick_reading_and_the_thorough_one_agree(
    document: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps(document, ensure_ascii=data.draw(st.booleans()))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    value = (text[:end] + text[start:]).encode()  # some part stands twice

    quick = read_order(record(value))
    thorough = read_order(record(b"\xef\xbb\xbf" + value))  # pydantic takes no byte order mark

    assert quick == thorough


@given(st.binary() | st.text().map(str.encode))
@example(b'{"a":' * 100_000)
@example(b"[" * 1_000_000)
@example(b'{"sm_id":' + b"9" * 10_000 + b"}")
@example(b'{"\\ud800":1}')
@example(b'{"a":"\\ud800","a":"\\u0000"}')
def test_arbitrary_bytes_are_never_an_exception(value: bytes) -> None:
    verdict = read_order(record(value))

    assert isinstance(verdict, Rejection)
    _assert_storable(verdict)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    ),
    st.sampled_from([*sample(), "unknown"]),
)
def test_any_json_in_any_field_is_an_order_or_a_rejection(value: object, name: str) -> None:
    text = json.dumps({**sample(), name: value}).encode()

    verdict = read_order(record(text))

    if isinstance(verdict, Rejection):
        _assert_storable(verdict)
    else:
        assert json.loads(verdict.model_dump_json()) == json.loads(text)


def _assert_storable(rejection: Rejection) -> None:
    for fault in rejection.faults:
        text = fault.path + fault.code + fault.sentence
        assert "\0" not in text
        assert text.encode()
        assert fault.sentence[-1] in ".:)"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "tombstone"),
        (b"", "empty_value"),
        (b" " * (LARGEST_VALUE_BYTES + 1), "too_large"),
        (b"{", "not_json"),
        (b"plain", "not_json"),
        ("тест".encode("cp1251"), "not_utf8"),
        (json.dumps(sample()).encode("utf-16"), "not_utf8"),
        (b'{"a":"\xed\xa0\x80"}', "not_utf8"),
        (b"[" * 100_000, "too_deep"),
        (b"[]", "wrong_type"),
        (b"null", "wrong_type"),
        (b'"text"', "wrong_type"),
        (b"NaN", "wrong_type"),
        (b"9" * 5000, "wrong_type"),
    ],
)
def test_a_value_that_is_no_object_is_refused_as_a_whole(value: bytes | None, code: str) -> None:
    assert faults(value) == [("", code)]


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"payment__amount": "1817"}, "/payment/amount", "wrong_type"),
        ({"payment__amount": 1817.0}, "/payment/amount", "wrong_type"),
        ({"payment__amount": True}, "/payment/amount", "wrong_type"),
        ({"payment__amount": None}, "/payment/amount", "wrong_type"),
        ({"payment__amount": float("nan")}, "/payment/amount", "wrong_type"),
        ({"payment__amount": float("inf")}, "/payment/amount", "wrong_type"),
        ({"payment__amount": -1}, "/payment/amount", "out_of_range"),
        ({"payment__amount": 2**63}, "/payment/amount", "out_of_range"),
        ({"payment__amount": 10**4000}, "/payment/amount", "out_of_range"),
        ({"payment__currency": "usd"}, "/payment/currency", "bad_format"),
        ({"payment__currency": "USD\n"}, "/payment/currency", "bad_format"),
        ({"payment": []}, "/payment", "wrong_type"),
        ({"items": []}, "/items", "too_short"),
        ({"items": {}}, "/items", "wrong_type"),
        ({"items": [LEAST_ITEM] * 5001}, "/items", "too_long"),
        ({"items": [*sample()["items"], None]}, "/items/1", "wrong_type"),
        ({"items": [{**sample()["items"][0], "sale": 101}]}, "/items/0/sale", "out_of_range"),
        ({"order_uid": ""}, "/order_uid", "bad_format"),
        ({"order_uid": "a/b"}, "/order_uid", "bad_format"),
        ({"order_uid": "a" * 65}, "/order_uid", "bad_format"),
        ({"order_uid": "a\n"}, "/order_uid", "bad_format"),
        ({"order_uid": "ё"}, "/order_uid", "bad_format"),
        ({"locale": "x" * 256}, "/locale", "too_long"),
        ({"locale": "a\0b"}, "/locale", "nul_character"),
        ({"locale": "a\ud800b"}, "/locale", "lone_surrogate"),
        ({"coupon": "x"}, "/coupon", "unknown_field"),
        ({"a/b~c": "x"}, "/a~1b~0c", "unknown_field"),
        ({"a\0b": "x"}, "/a\\u0000b", "nul_character"),
        ({"a\udfffb": "x"}, "/a\\udfffb", "lone_surrogate"),
    ],
)
def test_a_bad_field_is_refused_by_its_name(changes: dict[str, Any], path: str, code: str) -> None:
    text = json.dumps(sample(**changes)).encode()

    assert faults(text) == [(path, code)]


@pytest.mark.parametrize(
    "moment",
    [
        "2021-11-26T06:22:19z",
        "2021-11-26t06:22:19Z",
        "2021-11-26 06:22:19Z",
        "2021-11-26T06:22:19",
        "2021-11-26T06:22Z",
        "2021-11-26T06:22:60Z",
        "2021-11-26T24:00:00Z",
        "2021-11-26T06:22:19.Z",
        "2021-11-26T06:22:19.1234567890Z",
        "2021-11-26T06:22:19+16:00",
        "2021-11-26T06:22:19+03",
        "2021-11-26T06:22:19\u221203:00",
        "2021-11-26T06:22:19Z\n",
        "٢٠٢١-11-26T06:22:19Z",
        "2021-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "1637907739",
        "",
    ],
)
def test_a_date_that_is_no_rfc_3339_time_is_refused(moment: str) -> None:
    assert faults(sample(date_created=moment)) == [("/date_created", "bad_format")]


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00+15:59",
        "9999-12-31T23:59:59.999999999-15:59",
        "2024-02-29T12:00:00.5-00:00",
    ],
)
def test_a_date_is_kept_as_it_was_sent(moment: str) -> None:
    order = read_order(record(sample(date_created=moment)))

    assert isinstance(order, Order)
    assert order.date_created == moment


@given(st.dates() | st.builds("{:04}-{:02}-{:02}".format, *[st.integers(0, 40)] * 3))
@example("0000-02-29")
@example("0400-02-29")
@example("1900-02-29")
@example("2000-02-29")
@example("2023-04-31")
def test_the_days_are_those_of_the_calendar(day: date | str) -> None:
    accepted = isinstance(read_order(record(sample(date_created=f"{day}T00:00:00Z"))), Order)

    assert accepted == is_calendar_date(str(day))


def is_calendar_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def test_a_missing_field_is_named() -> None:
    order = sample()
    del order["items"][0]["rid"], order["oof_shard"]

    assert faults(order) == [("/items/0/rid", "missing_field"), ("/oof_shard", "missing_field")]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (b'"locale":', b'"locale":"ru","locale":', "/locale"),
        (b'"amount":', b'"amount":1,"amount":', "/payment/amount"),
        (b'"rid":', b'"\\u0072id":"","rid":', "/items/0/rid"),
        (b'"bank":"alpha"', b'"bank":"a:b:c","bank":"a\\u003a\\u003Ab"', "/payment/bank"),
        (b'"bank":"alpha"', b'"bank":"","bank":"::"', "/payment/bank"),
    ],
)
def test_a_key_that_stands_twice_is_refused_at_any_level(old: bytes, new: bytes, path: str) -> None:
    assert faults(SAMPLE_VALUE.replace(old, new)) == [(path, "duplicate_key")]


def test_every_fault_is_told_not_only_the_first() -> None:
    order = sample(locale="a\0", payment__amount="x", coupon=1, order_uid="!")

    assert sorted(faults(order)) == [
        ("/coupon", "unknown_field"),
        ("/locale", "nul_character"),
        ("/order_uid", "bad_format"),
        ("/payment/amount", "wrong_type"),
    ]


def test_more_faults_than_anybody_reads_are_counted() -> None:
    verdict = read_order(record(sample(**{f"field{number}": 1 for number in range(500)})))

    assert isinstance(verdict, Rejection)
    *listed, last = verdict.faults
    assert [fault.code for fault in listed] == ["unknown_field"] * MOST_FAULTS
    assert (last.path, last.code) == ("", "too_many_faults")
    assert last.sentence == "400 more faults are not listed."


def test_an_escaped_backslash_is_no_nul_character() -> None:
    assert isinstance(read_order(record(sample(locale="\\u0000 \\ud800"))), Order)


def test_a_byte_order_mark_is_tolerated() -> None:
    assert isinstance(read_order(record(b"\xef\xbb\xbf" + SAMPLE_VALUE)), Order)


def test_a_rejection_tells_the_order_where_it_can_be_read() -> None:
    verdict = read_order(record(sample(locale=1)))

    assert isinstance(verdict, Rejection)
    assert verdict.order_uid == ORDER_UID
    assert verdict.faults[0].sentence == "locale must be a text, not a number."


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (SAMPLE_VALUE[:100], "not_json"),
        (SAMPLE_VALUE[:100] + "ё".encode("cp1251"), "not_utf8"),
        (b"[" + SAMPLE_VALUE + b"]", "wrong_type"),
        (json.dumps(SAMPLE_VALUE.decode()).encode(), "wrong_type"),
        (b'{"order_uid"\n:\t"b563feb7b2b84b6test", "a":' + b"[" * 100_000, "too_deep"),
        (SAMPLE_VALUE + b" " * LARGEST_VALUE_BYTES, "too_large"),
    ],
)
def test_a_value_that_cannot_be_read_tells_its_order_all_the_same(value: bytes, code: str) -> None:
    verdict = read_order(record(value))

    assert isinstance(verdict, Rejection)
    assert (verdict.code, verdict.order_uid) == (code, ORDER_UID)


@pytest.mark.parametrize(
    "value",
    [
        b'{"order_uid":"a/b',
        b'{"order_uid":"a/b"',
        b'{"order_uid":""',
        b'{"order_uid":' + b'"' + b"a" * 65 + b'"',
        b'{"order_uid":1',
        '{"order_uid":"ё"'.encode(),
        b'{"payment":{"order_uid":"nested"}}',
        b" " * LARGEST_VALUE_BYTES + SAMPLE_VALUE,
        b"plain",
        b"",
        None,
    ],
)
def test_what_could_be_no_orders_id_is_told_as_none(value: bytes | None) -> None:
    verdict = read_order(record(value))

    assert isinstance(verdict, Rejection)
    assert verdict.order_uid is None


def test_a_damaged_envelope_is_a_fault() -> None:
    damage = Fault("", "not_base64", "The record's value is not base64 in the Lambda event.")

    verdict = read_order(Record("orders", 0, 0, None, "", None, SAMPLE_VALUE, (), damage))

    assert verdict == Rejection((damage,))


def test_totals_that_disagree_are_accepted_unless_totals_are_strict() -> None:
    order = sample(payment__amount=1, payment__goods_total=2)

    assert isinstance(read_order(record(order)), Order)
    assert faults(order, strict_totals=True) == [
        ("/payment/goods_total", "inconsistent_total"),
        ("/payment/amount", "inconsistent_total"),
    ]


def test_the_digest_is_of_the_content_not_of_its_notation() -> None:
    compact = judge(record(SAMPLE_VALUE))
    spread = judge(record(json.dumps(dict(reversed(sample().items())), indent=4).encode()))
    other = judge(record(sample(entry="other")))

    assert isinstance(compact, Accepted)
    assert isinstance(spread, Accepted)
    assert isinstance(other, Accepted)
    assert compact.digest == spread.digest != other.digest
