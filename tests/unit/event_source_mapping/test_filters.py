import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.event_source_mapping.filtering.filters import Filter
from devstack.event_source_mapping.refusals import RefusedError


def passes(value_pattern: object, value: bytes | str | None) -> bool:
    """Tell whether a value passes one filter; a string is the value's text."""
    body = value.encode() if isinstance(value, str) else value
    return Filter([json.dumps({"value": value_pattern})]).passes(body)


# (matchers of the field "f", JSON text of a value that passes, and of one that does not)
DOCUMENTED: dict[str, tuple[object, str, str]] = {
    "null": ([None], '{"f":null}', '{"f":""}'),
    "empty": ([""], '{"f":""}', '{"f":null}'),
    "equals": (["Alice"], '{"f":"Alice"}', '{"f":"alice"}'),
    "equals one of several": (["Bob", "Alice"], '{"f":"Alice"}', '{"f":"Carol"}'),
    "equals without case": ([{"equals-ignore-case": "Alice"}], '{"f":"aLICE"}', '{"f":"Alic"}'),
    "equals true": ([True], '{"f":true}', '{"f":1}'),
    "not": ([{"anything-but": "x"}], '{"f":"y"}', '{"f":"x"}'),
    "none of several": ([{"anything-but": ["x", "y"]}], '{"f":"z"}', '{"f":"y"}'),
    "not a number": ([{"anything-but": [1]}], '{"f":2}', '{"f":1}'),
    "not a prefix": ([{"anything-but": {"prefix": "x"}}], '{"f":"yx"}', '{"f":"xy"}'),
    "not what is not there": ([{"anything-but": "x"}], '{"f":null}', "{}"),
    "numeric equals": ([{"numeric": ["=", 100]}], '{"f":1.0e2}', '{"f":"100"}'),
    "numeric less": ([{"numeric": ["<", 10]}], '{"f":9.99}', '{"f":10}'),
    "numeric at most": ([{"numeric": ["<=", 10]}], '{"f":10}', '{"f":10.01}'),
    "numeric more": ([{"numeric": [">", -1]}], '{"f":-0.5}', '{"f":-1}'),
    "numeric range": ([{"numeric": [">", 10, "<=", 20]}], '{"f":20}', '{"f":10}'),
    "numeric at least": ([{"numeric": [">=", 10, "<", 20]}], '{"f":10}', '{"f":20}'),
    "exists": ([{"exists": True}], '{"f":null}', "{}"),
    "exists not": ([{"exists": False}], '{"g":1}', '{"f":null}'),
    "exists only as a leaf": ([{"exists": True}], '{"f":[1]}', '{"f":{"g":1}}'),
    "begins with": ([{"prefix": "us-"}], '{"f":"us-east-1"}', '{"f":"eu-us-1"}'),
    "ends with": ([{"suffix": ".png"}], '{"f":"a.png"}', '{"f":"a.png.jpg"}'),
    "begins with, of text only": ([{"prefix": ""}], '{"f":"1"}', '{"f":1}'),
    "a number by its text": ([300], '{"f":300}', '{"f":300.0}'),
    "a number is no string": ([300], '{"f":300}', '{"f":"300"}'),
    "any element of an array": (["a"], '{"f":["b","a"]}', '{"f":["b"]}'),
    "an element within arrays": (["a"], '{"f":[["b",["a"]]]}', '{"f":[]}'),
    "one operator of several": (["a", {"prefix": "b"}], '{"f":"bc"}', '{"f":"c"}'),
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_matcher_takes_what_it_names_and_nothing_else(name: str) -> None:
    matchers, matching, other = DOCUMENTED[name]

    assert passes({"f": matchers}, matching)
    assert not passes({"f": matchers}, other)


def test_every_field_of_a_pattern_has_to_match() -> None:
    pattern = {"a": ["1"], "b": {"c": ["2"], "d": [3]}}

    assert passes(pattern, '{"a":"1","b":{"c":"2","d":3},"more":true}')
    assert not passes(pattern, '{"a":"1","b":{"c":"2","d":4}}')
    assert not passes(pattern, '{"a":"1","b":"2"}')


def test_or_needs_one_of_its_patterns_and_the_fields_beside_it() -> None:
    pattern = {"a": ["1"], "$or": [{"b": ["2"]}, {"c": {"d": ["3"]}}]}

    assert passes(pattern, '{"a":"1","b":"2"}')
    assert passes(pattern, '{"a":"1","c":{"d":"3"}}')
    assert not passes(pattern, '{"a":"1"}')
    assert not passes(pattern, '{"b":"2"}')


def test_objects_in_an_array_match_one_by_one_never_by_halves() -> None:
    pattern = {"staff": {"first": ["Anna"], "last": ["Jones"]}}

    assert passes(pattern, '{"staff":[{"first":"Bo"},[{"first":"Anna","last":"Jones"}]]}')
    assert not passes(pattern, '{"staff":[{"first":"Anna"},{"last":"Jones"}]}')


def test_a_field_is_absent_from_an_array_only_if_no_element_has_it() -> None:
    pattern = {"items": {"price": [{"exists": False}]}}

    assert passes(pattern, '{"items":[{"name":"a"},{"name":"b"}]}')
    assert passes(pattern, '{"items":[]}')
    assert not passes(pattern, '{"items":[{"name":"a"},{"price":1}]}')


def test_plain_text_is_filtered_by_a_pattern_for_plain_text() -> None:
    not_an_error = [{"anything-but": ["error"]}]

    assert passes(not_an_error, "Hello, this is a test.")
    assert not passes(not_an_error, "error")
    assert passes(["", {"prefix": "warn"}], "warning")
    assert passes(["", {"prefix": "warn"}], b"")
    assert not passes(["", {"prefix": "warn"}], "info")


@pytest.mark.parametrize("text", ["12", "true", '"quoted"', "{not json", "[1,", " "])
def test_text_that_is_no_object_and_no_array_is_plain(text: str) -> None:
    assert passes([text], text)
    assert not passes(["other"], text)


@pytest.mark.parametrize(
    ("value_pattern", "value"),
    [
        ({"f": ["x"]}, b"plain text"),
        ({"f": ["x"]}, b"\xff\xfe{}"),
        (["x"], b'{"f":"y"}'),
        (["x"], b"[1, 2]"),
        (["x"], b"\xff\xfex"),
        ({"f": ["x"]}, b"[" * 100_000),
    ],
    ids=["text, JSON", "binary, JSON", "object, text", "array, text", "binary, text", "too deep"],
)
def test_a_value_that_the_pattern_is_not_meant_for_passes(
    value_pattern: object, value: bytes
) -> None:
    assert passes(value_pattern, value)


@pytest.mark.parametrize(
    ("value_pattern", "expected"),
    [
        ({"f": ["x"]}, False),
        ({"f": [None]}, False),
        (["x", {"anything-but": ["y"]}], False),
        ({"f": [{"exists": False}]}, True),
        ([{"exists": False}], True),
    ],
)
def test_a_tombstone_is_a_record_whose_value_is_absent(
    value_pattern: object, *, expected: bool
) -> None:
    assert passes(value_pattern, None) is expected


def test_one_of_several_filters_is_enough() -> None:
    either = Filter(['{"value":{"a":[1]}}', '{"value":{"b":[2]}}'])

    assert either.passes(b'{"a":1}')
    assert either.passes(b'{"b":2}')
    assert not either.passes(b'{"a":2,"b":1}')


def test_or_may_stand_above_the_value() -> None:
    either = Filter(['{"$or":[{"value":{"a":[1]}},{"value":{"b":[2]}}]}'])

    assert either.passes(b'{"b":2}')
    assert not either.passes(b'{"b":1}')


REFUSED = {
    "no JSON": ("{", "Expecting property name"),
    "not a number of JSON": ('{"value": {"a": [NaN]}}', "NaN is no JSON"),
    "no object": ("[1]", "not a JSON object"),
    "empty": ("{}", "not a JSON object with a pattern in it"),
    "another key": ('{"key": ["a"]}', "key: records of Kafka are filtered by value alone"),
    "no list": ('{"value": {"a": "b"}}', 'a: "b" is no object and no list'),
    "an empty list": ('{"value": {"a": {"b": []}}}', r"a.b: \[\] is no object and no list"),
    "an unknown operator": ('{"value": {"a": [{"wildcard": "*"}]}}', "wildcard is no operator"),
    "two operators": ('{"value": [{"prefix": "a", "suffix": "b"}]}', "one operator"),
    "a list in a list": ('{"value": [["a"]]}', "one operator"),
    "a prefix that is a number": ('{"value": [{"prefix": 1}]}', "prefix: .* is no text"),
    "exists of neither kind": ('{"value": {"a": [{"exists": 1}]}}', "a: exists is either"),
    "half a comparison": ('{"value": {"a": [{"numeric": [">"]}]}}', "numeric: one or two"),
    "an unknown comparison": ('{"value": {"a": [{"numeric": ["!", 1]}]}}', "numeric: one or"),
    "a comparison with text": ('{"value": {"a": [{"numeric": ["=", "1"]}]}}', "numeric: one or"),
    "anything but nothing": ('{"value": [{"anything-but": []}]}', "anything-but: .* is no value"),
    "or of nothing": ('{"value": {"$or": []}}', r"\$or: .* is no list of patterns"),
    "or of no patterns": ('{"value": {"$or": ["a"]}}', r"\$or: .* is no list of patterns"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_pattern_that_aws_would_not_accept_is_refused_in_one_line(name: str) -> None:
    pattern, reason = REFUSED[name]

    with pytest.raises(RefusedError, match=reason) as refused:
        Filter([pattern.replace(" ", "\n")])

    assert str(refused.value).startswith("FilterCriteria: Pattern {") or name == "no object"
    assert "\n" not in str(refused.value)


def test_ten_filters_are_accepted_and_eleven_are_not() -> None:
    pattern = '{"value": ["a"]}'
    Filter([pattern] * 10)

    with pytest.raises(RefusedError, match="FilterCriteria: 11 filters"):
        Filter([pattern] * 11)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_a_value_is_a_filter_has_an_answer(value: bytes) -> None:
    pattern = {"a": [{"exists": False}], "$or": [{"b": ["x", 1]}, {"c": {"d": [None]}}]}

    assert passes(pattern, value) in (True, False)


@given(st.text(), st.lists(st.text()))
def test_a_field_equals_what_python_says_it_equals(wanted: str, found: list[str]) -> None:
    value = json.dumps({"f": found})

    assert passes({"f": [wanted]}, value) is (wanted in found)


@given(st.decimals(-1e9, 1e9, places=3), st.decimals(-1e9, 1e9, places=3))
def test_numbers_are_compared_by_value(limit: Decimal, number: Decimal) -> None:
    filter_ = Filter([f'{{"value": {{"f": [{{"numeric": ["<", {limit}]}}]}}}}'])

    assert filter_.passes(f'{{"f":{number}}}'.encode()) is (number < limit)
