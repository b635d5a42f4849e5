"""FilterCriteria: which records the function gets to see."""

import json
from collections.abc import Callable

import pytest

from devstack.errors import UserError
from tests.conformance.broker import Broker
from tests.conformance.rules import rule

KAFKA = "lambda/latest/dg/kafka-filtering.html"
FILTERS = "lambda/latest/dg/invocation-eventfiltering.html"


def criteria(*patterns: object) -> dict[str, object]:
    return {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}


def passing(broker: Broker, pattern: object, *values: bytes) -> list[bytes]:
    """Return those of `values` that reach the function through a filter."""
    topic = broker.topic()
    topic.send(*values)
    # Passes whatever the pattern: with it, something is always committed last.
    topic.send(b"\xff")
    broker.ingest(topic, FilterCriteria=criteria(pattern))
    seen = {place.offset for place in broker.endpoint.places()}
    assert len(values) in seen
    return [value for offset, value in enumerate(values) if offset in seen]


@rule("A record that no filter matches does not reach the function.", FILTERS)
def test_what_does_not_match_is_not_sent(broker: Broker) -> None:
    values = (b'{"kind": "a"}', b'{"kind": "b"}', b'{"kind": "a"}')

    assert passing(broker, {"value": {"kind": ["a"]}}, *values) == [values[0], values[2]]


@rule("Of several filters one has to match.", FILTERS)
def test_one_of_several_filters_has_to_match(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b'{"kind": "a"}', b'{"kind": "b"}', b'{"kind": "c"}')
    filters = criteria({"value": {"kind": ["a"]}}, {"value": {"kind": ["c"]}})

    broker.ingest(topic, FilterCriteria=filters)

    assert [place.offset for place in broker.endpoint.places()] == [0, 2]


@rule("Of several fields of one pattern every one has to match.", FILTERS)
def test_every_field_of_a_pattern_has_to_match(broker: Broker) -> None:
    values = (b'{"kind": "a", "size": 1}', b'{"kind": "a", "size": 2}', b'{"size": 1}')

    assert passing(broker, {"value": {"kind": ["a"], "size": [1]}}, *values) == [values[0]]


@rule("A pattern is JSON written as text.", FILTERS)
def test_a_pattern_is_json_as_text(parsed: Callable[..., object]) -> None:
    assert parsed(FilterCriteria={"Filters": [{"Pattern": '{"value": {"kind": ["a"]}}'}]})

    for refused in ('{"value": ', {"value": {"kind": ["a"]}}, "[]"):
        with pytest.raises(UserError, match="FilterCriteria"):
            parsed(FilterCriteria={"Filters": [{"Pattern": refused}]})


@rule("Only the value can be filtered: not key, headers, topic, partition or offset.", KAFKA)
@pytest.mark.parametrize("field", ["key", "headers", "topic", "partition", "offset"])
def test_only_the_value_can_be_filtered(parsed: Callable[..., object], field: str) -> None:
    with pytest.raises(UserError, match=f"FilterCriteria: .*{field}"):
        parsed(FilterCriteria=criteria({field: ["x"]}))


@rule("There are up to five filters, ten where the quota was raised.", FILTERS)
def test_there_are_ten_filters_at_most(parsed: Callable[..., object]) -> None:
    pattern = {"value": {"kind": ["a"]}}
    assert parsed(FilterCriteria=criteria(*[pattern] * 10))

    with pytest.raises(UserError, match="FilterCriteria"):
        parsed(FilterCriteria=criteria(*[pattern] * 11))


COMPARISONS = {
    "null": ([None], b"null", b'"null"'),
    "empty": ([""], b'""', b'" "'),
    "equals": (["a"], b'"a"', b'"b"'),
    "equals (ignore case)": ([{"equals-ignore-case": "Alice"}], b'"aLICE"', b'"Bob"'),
    "or": (["a", "b"], b'"b"', b'"c"'),
    "not": ([{"anything-but": ["a"]}], b'"b"', b'"a"'),
    "number equals": ([{"numeric": ["=", 100]}], b"100", b"101"),
    "number range": ([{"numeric": [">", 10, "<=", 20]}], b"20", b"10"),
    "begins with": ([{"prefix": "us-"}], b'"us-east"', b'"eu-us-"'),
    "ends with": ([{"suffix": ".png"}], b'"a.png"', b'"a.png.jpg"'),
}


@rule(
    "A value is compared by: null, empty, equal, equal but for case, one of several, none of"
    " several, number, range, beginning, end.",
    FILTERS,
)
@pytest.mark.parametrize("comparison", COMPARISONS.values(), ids=COMPARISONS)
def test_a_value_is_compared(broker: Broker, comparison: tuple[list[object], bytes, bytes]) -> None:
    matchers, matching, other = (comparison[0], *(b'{"x": %b}' % some for some in comparison[1:]))

    assert passing(broker, {"value": {"x": matchers}}, matching, other) == [matching]


@rule("exists asks whether a field is there, or is not.", FILTERS)
@pytest.mark.parametrize("exists", [True, False])
def test_a_field_exists_or_does_not(broker: Broker, *, exists: bool) -> None:
    values = {True: b'{"x": 1}', False: b'{"y": 1}'}

    found = passing(broker, {"value": {"x": [{"exists": exists}]}}, *values.values())

    assert found == [values[exists]]


@rule("exists is for leaves: an object within the value is not looked at.", FILTERS)
def test_an_object_is_no_leaf(broker: Broker) -> None:
    values = (b'{"x": {"y": 1}}', b'{"x": 1}')

    assert passing(broker, {"value": {"x": [{"exists": True}]}}, *values) == [values[1]]


@rule("$or has one of several fields match.", FILTERS)
def test_one_of_several_fields_matches(broker: Broker) -> None:
    values = (b'{"x": 1, "y": 9}', b'{"x": 9, "y": 2}', b'{"x": 9, "y": 9}')
    pattern = {"value": {"$or": [{"x": [1]}, {"y": [2]}]}}

    assert passing(broker, pattern, *values) == [values[0], values[1]]


@rule("Text is compared exactly, upper and lower case included.", FILTERS)
def test_text_is_compared_exactly(broker: Broker) -> None:
    values = (b'{"x": "Paris"}', b'{"x": "paris"}', b'{"x": "Paris "}')

    assert passing(broker, {"value": {"x": ["Paris"]}}, *values) == [values[0]]


@rule("Numbers are compared as they are written: 300 is not 300.0.", FILTERS)
def test_numbers_are_compared_as_text(broker: Broker) -> None:
    values = (b'{"x": 300}', b'{"x": 300.0}', b'{"x": 3e2}')

    assert passing(broker, {"value": {"x": [300]}}, *values) == [values[0]]


@rule("A value that is plain text is filtered by a pattern for plain text.", KAFKA)
def test_plain_text_is_filtered(broker: Broker) -> None:
    values = (b"keep", b"drop")

    assert passing(broker, {"value": [{"anything-but": ["drop"]}]}, *values) == [b"keep"]


@rule("A value of plain text passes a pattern for JSON.", KAFKA)
def test_plain_text_passes_a_pattern_for_json(broker: Broker) -> None:
    values = (b"plain text", b'{"kind": "b"}')

    assert passing(broker, {"value": {"kind": ["a"]}}, *values) == [values[0]]


@rule("A value of JSON passes a pattern for plain text.", KAFKA)
def test_json_passes_a_pattern_for_plain_text(broker: Broker) -> None:
    values = (b'{"kind": "b"}', b"plain text")

    assert passing(broker, {"value": ["another text"]}, *values) == [values[0]]


@rule("A value that is not UTF-8 passes any filter.", KAFKA)
def test_what_is_no_text_passes_any_filter(broker: Broker) -> None:
    values = (b'{"kind": "\xe9"}', b'{"kind": "b"}')

    assert passing(broker, {"value": {"kind": ["a"]}}, *values) == [values[0]]
