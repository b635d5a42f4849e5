"""What was refused can be shown: short, storable, and without telling of a person."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devstack.schemas.order import order_schema
from orders.masking import LONGEST, shown
from orders.paths import Path
from tests.unit.orders.made import sample

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=5,
)
ANY_PATH = st.tuples(st.sampled_from([*sample(), "coupon", 0])) | st.tuples(
    st.sampled_from(["payment", "delivery"]), st.sampled_from(["bank", "name", "transaction"])
)


def deep(levels: int) -> Any:  # noqa: ANN401 - JSON
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@given(ANY_JSON, ANY_PATH)
@example(10**5000, ("sm_id",))
@example({"\ud800": "\0"}, ())
@example("\ud800" * 70, ("locale",))
def test_any_json_anywhere_is_shown_in_a_text_that_can_be_stored(value: object, path: Path) -> None:
    text = shown(value, path)

    assert 0 < len(text) <= LONGEST
    assert "\0" not in text
    assert text.encode()


def test_what_is_nested_deeper_than_python_reads_is_shown_too() -> None:
    assert len(shown(deep(100_000), ())) == LONGEST


@pytest.mark.parametrize(
    ("value", "path", "text"),
    [
        ("usd", ("payment", "currency"), '"usd"'),
        (-1, ("items", 12, "price"), "-1"),
        (18.5, ("payment", "amount"), "18.5"),
        (True, ("sm_id",), "true"),
        (float("nan"), ("payment", "amount"), "NaN"),
        ('a"\n\\', ("entry",), r'"a\"\n\\"'),
        ("Пётр", ("entry",), '"Пётр"'),
        ("half \ud83d", ("entry",), r'"half \ud83d"'),
    ],
)
def test_a_plain_field_is_shown_as_it_is(value: object, path: Path, text: str) -> None:
    assert shown(value, path) == text


@pytest.mark.parametrize(
    ("value", "path", "text"),
    [
        ("+7 (916) 000-12-34", ("delivery", "phone"), '"+7 (***) ***-**-*4"'),
        ("Пётр Щукин", ("delivery", "name"), '"П*** ****н"'),
        ("Test\0ov", ("delivery", "name"), r'"T***\u0000*v"'),
        ("test", ("customer_id",), '"****"'),
        ("tests", ("customer_id",), '"t***s"'),
        (1234567, ("internal_signature",), "1*****7"),
        ("uid-123", ("payment", "transaction"), '"u**-**3"'),
        ("uid-123", ("payment", "request_id"), '"u**-**3"'),
        (None, ("delivery", "city"), "null"),
        ("Haifa", ("coupon",), '"H***a"'),
        ("Haifa", ("delivery", "town"), '"H***a"'),
        ({"name": "Haifa"}, ("locale",), '{"n***":"****a"}'),
        ("Haifa", ("locale", 0), '"H***a"'),
        ([{"name": "Haifa"}], (), '[{"n***":"****a"}]'),
    ],
)
def test_what_may_tell_of_a_person_is_masked(value: object, path: Path, text: str) -> None:
    assert shown(value, path) == text


def test_a_long_value_is_cut() -> None:
    assert shown("W" * 62, ("entry",)) == f'"{"W" * 62}"'
    assert shown("W" * 63, ("entry",)) == f'"{"W" * 62}…'
    assert shown("W" * 63, ("customer_id",)) == f'"W{"*" * 60}W…'
    assert shown([1] * 100_000, ("items",)) == "[1" + ",*" * 29 + ",1,…"


def test_the_model_says_which_fields_are_personal() -> None:
    schema = order_schema()
    parts = {name: part["properties"] for name, part in schema["$defs"].items()}

    assert {name for name, field in schema["properties"].items() if field.get("x-personal")} == {
        "delivery",
        "internal_signature",
        "customer_id",
    }
    assert {name for name, field in parts["Payment"].items() if field.get("x-personal")} == {
        *("transaction", "request_id")
    }


def test_every_field_of_the_sample_that_is_not_personal_is_shown() -> None:
    order = sample()
    masked = {"delivery", "internal_signature", "customer_id", "items", "payment"}

    for name in order.keys() - masked:
        assert shown(order[name], (name,)) == json.dumps(order[name])
    for name, value in order["items"][0].items():
        assert shown(value, ("items", 0, name)) == json.dumps(value)
