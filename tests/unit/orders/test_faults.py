"""Every fault has a stable code, and a sentence in each language that a person can act on."""

import json
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.faults import CODES, RULES, Words, explain, fault, unreadable
from orders.record import Fault, Rejection
from orders.validation import read_order
from tests.unit.orders.made import record, sample


def told(value: object) -> Fault:
    verdict = read_order(record(value), strict_totals=True)
    assert isinstance(verdict, Rejection)
    return verdict.faults[0]


def test_the_codes_that_others_rely_on_are_these() -> None:
    assert {
        *("tombstone", "empty_value", "too_large", "not_base64", "bad_headers"),
        *("not_utf8", "not_json", "too_deep", "duplicate_key", "nul_character", "lone_surrogate"),
        *("missing_field", "unknown_field", "wrong_type", "out_of_range", "too_long", "too_short"),
        *("bad_format", "inconsistent_total", "conflict", "refused_by_database"),
        "too_many_faults",
    } == CODES


@pytest.mark.parametrize("rule", RULES)
def test_both_sentences_of_a_rule_insert_the_same_words(rule: str) -> None:
    _, english, russian = RULES[rule]

    formatter = string.Formatter()
    words = [{field for _, field, _, _ in formatter.parse(text)} for text in (english, russian)]
    assert words[0] == words[1]
    assert re.search("[а-я]", russian)
    assert not re.search("[а-яё]", english)


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (
            sample(locale=None),
            "locale must be a text, not null.",
            "locale: ожидается строка, получено: null.",
        ),
        (
            [],
            "The order must be an object, not an array.",
            "Заказ: ожидается объект, получено: массив.",
        ),
        (
            sample(date_created="yesterday"),
            "date_created must be a time as in RFC 3339, such as 2021-11-26T06:22:19Z.",
            (
                "date_created: неверный формат; ожидается время по RFC 3339, "
                "например 2021-11-26T06:22:19Z."
            ),
        ),
        (
            sample(payment__amount=1818),
            "payment.amount is 1818, but goods_total, delivery_cost and custom_fee sum up to 1817.",
            (
                "payment.amount: указано 1818, а goods_total, delivery_cost и custom_fee "
                "в сумме дают 1817."
            ),
        ),
        (
            b'{"a" 1}',
            "The value is not JSON at line 1, column 6: Expecting ':' delimiter.",
            "Значение — не JSON: ожидается двоеточие (строка 1, столбец 6).",
        ),
    ],
)
def test_a_fault_is_told_in_both_languages(value: object, english: str, russian: str) -> None:
    found = told(value)

    assert found.sentence == english
    assert found.russian == russian


def test_a_complaint_nobody_has_translated_stays_as_it_is() -> None:
    found = unreadable(json.JSONDecodeError("Something new", "{}", 1))

    assert found.sentence == "The value is not JSON at line 1, column 2: Something new."
    assert found.russian == "Значение — не JSON: Something new (строка 1, столбец 2)."


def test_what_pydantic_may_find_one_day_has_a_code_too() -> None:
    found = explain({"type": "new", "loc": ("locale",), "input": 1, "msg": "No good"})

    assert (found.path, found.code, found.value) == ("/locale", "bad_format", "1")
    assert found.sentence == "locale: No good."


def test_a_fault_shows_what_was_found() -> None:
    assert told(sample(payment__amount="18.17")).value == '"18.17"'
    assert told(sample(payment__amount=18.17)).value == "18.17"
    assert told(sample(order_uid="a/b")).value == '"a/b"'
    assert told(json.dumps(sample(locale="a\0b")).encode()).value == r'"a\u0000b"'
    assert told(b'{"sm_id":1,"sm_id":2}').value == "2"


def test_a_number_nobody_could_read_is_shown_as_it_was_sent() -> None:
    found = told(json.dumps(sample(sm_id=424242)).replace("424242", "7" * 5000).encode())

    assert (found.code, found.value) == ("out_of_range", "7" * 63 + "…")


def test_where_there_is_nothing_to_show_there_is_no_value() -> None:
    assert fault("missing", ("locale",)).value is None
    assert told({**sample(), "items": [{}]}).value is None
    assert told(b"{").value is None
    assert told(b"").value is None


def test_a_personal_value_is_masked_in_the_fault() -> None:
    assert told(sample(customer_id=12345678)).value == "1******8"
    assert "test" not in str(told({**sample(), "delivery": "test@example.com"}))


@given(st.text(st.characters()), st.text(st.characters()))
def test_no_word_that_is_inserted_can_break_a_sentence(key: str, text: str) -> None:
    found = fault("extra_forbidden", (key,), text)

    assert (found.path + found.sentence + found.russian + str(found.value)).encode()
    assert "\0" not in found.path + found.sentence + found.russian + str(found.value)


def test_words_are_told_in_the_language_of_the_sentence() -> None:
    found = fault("not_base64", part=Words("key", "ключ"))

    assert found.sentence == "The record's key is not base64 in the Lambda event."
    assert found.russian == "В событии Lambda ключ записи — не base64."
