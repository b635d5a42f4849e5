"""The choices: each switch both ways. Where AWS documents something, tests/conformance has it.

`dead_letter_headers` and `scale_seconds` need brokers: tests/integration/event_source_mapping,
test_destinations.py and test_pollers.py.
"""

import json
from itertools import pairwise
from typing import Any

import pytest

from devstack.event_source_mapping.definition.choices import AgeFrom, Choices, Tombstone
from devstack.event_source_mapping.polling.outcome import Answer
from tests.unit.event_source_mapping.fakes import (
    ACCEPTED,
    FAILED,
    THROTTLED,
    FakeMapping,
    ScriptedDestination,
    failing,
    record,
)

PATTERN = '{"value": {"kind": ["a"]}}'
A, B = b'{"kind": "a"}', b'{"kind": "b"}'


def mapping_with(
    *,
    destination: ScriptedDestination | None = None,
    fields: dict[str, Any] | None = None,
    **set_: Any,  # noqa: ANN401 - any choice
) -> FakeMapping:
    """Return a mapping of one partition with choices; retries are soon unless those say else."""
    soon = {"first_retry_seconds": 0.01, "longest_retry_seconds": 0.01, "retry_jitter": 0.0}
    choices = Choices(**{**soon, **set_})
    return FakeMapping(0, choices=choices, destination=destination, **(fields or {}))


def first_record(mapping: FakeMapping) -> Any:  # noqa: ANN401 - JSON
    """Return the first record that was sent, as the event has it."""
    return json.loads(next(iter(mapping.invoker.submitted[0])).encoded)


@pytest.mark.parametrize(
    ("tombstone", "value"),
    [(Tombstone.OMIT, "absent"), (Tombstone.NULL, None), (Tombstone.EMPTY, "")],
)
def test_tombstone(tombstone: Tombstone, value: object) -> None:
    mapping = mapping_with(tombstone=tombstone)
    mapping.consumer.produce(record(0, 0, value=None))

    mapping.run()

    assert first_record(mapping).get("value", "absent") == value


@pytest.mark.parametrize(("null_header", "value"), [("[]", []), ("null", None)])
def test_null_header(null_header: str, value: object) -> None:
    mapping = mapping_with(null_header=null_header)
    mapping.consumer.produce(record(0, 0)._replace(headers=[("name", None)]))

    mapping.run()

    assert first_record(mapping)["headers"] == [{"name": value}]


@pytest.mark.parametrize(("largest", "batches"), [(6_291_456, [2]), (300, [1, 1])])
def test_largest_event_bytes(largest: int, batches: list[int]) -> None:
    mapping = mapping_with(largest_event_bytes=largest)
    mapping.consumer.produce(record(0, 0), record(0, 1))

    mapping.answer(*[ACCEPTED] * len(batches))

    assert list(map(len, mapping.sent())) == batches


def waits(mapping: FakeMapping, attempts: int) -> list[float]:
    """Return the times between attempts that fail, in seconds."""
    mapping.consumer.produce(record(0, 0))
    mapping.run()
    sent_at = []
    for attempt in range(attempts):
        while len(mapping.sent()) <= attempt:
            mapping.poller.step()
        sent_at.append(mapping.clock.now)
        mapping.invoker.answer(FAILED)
    return [later - sooner for sooner, later in pairwise(sent_at)]


@pytest.mark.parametrize("seconds", [0.2, 3.0])
def test_first_retry_seconds(seconds: float) -> None:
    mapping = mapping_with(first_retry_seconds=seconds, longest_retry_seconds=100)

    assert waits(mapping, 3) == pytest.approx([seconds, 2 * seconds], abs=0.1)


@pytest.mark.parametrize(("longest", "third"), [(100, 4), (2, 2)])
def test_longest_retry_seconds(longest: float, third: float) -> None:
    mapping = mapping_with(first_retry_seconds=1, longest_retry_seconds=longest)

    assert waits(mapping, 4) == pytest.approx([1, 2, third], abs=0.1)


@pytest.mark.parametrize("jitter", [0.0, 0.5])
def test_retry_jitter(jitter: float) -> None:
    mapping = mapping_with(first_retry_seconds=8, longest_retry_seconds=8, retry_jitter=jitter)

    found = waits(mapping, 20)

    assert max(found) <= 8.1
    assert (min(found) < 7.5) is (jitter > 0)
    assert min(found) > 8 * (1 - jitter) - 0.1


@pytest.mark.parametrize(("counts", "attempts"), [(False, 2), (True, 1)])
def test_throttles_count(counts: bool, attempts: int) -> None:  # noqa: FBT001 - a parameter
    mapping = mapping_with(throttles_count=counts, fields={"maximum_retry_attempts": 0})
    mapping.consumer.produce(record(0, 0))

    mapping.answer(THROTTLED)
    mapping.run(1)

    assert len(mapping.sent()) == attempts


@pytest.mark.parametrize(("counts", "attempts"), [(False, 2), (True, 1)])
def test_partial_responses_count(counts: bool, attempts: int) -> None:  # noqa: FBT001 - a parameter
    mapping = mapping_with(partial_responses_count=counts, fields={"maximum_retry_attempts": 0})
    mapping.consumer.produce(record(0, 0))

    mapping.answer(failing(("orders-0", 0)))
    mapping.run(1)

    assert len(mapping.sent()) == attempts


@pytest.mark.parametrize(("counts", "dropped"), [(False, 0), (True, 2)])
def test_splits_count(counts: bool, dropped: int) -> None:  # noqa: FBT001 - a parameter
    fields = {"maximum_retry_attempts": 0, "bisect_on_function_error": True}
    mapping = mapping_with(splits_count=counts, fields=fields)
    mapping.consumer.produce(record(0, 0), record(0, 1))

    mapping.answer(FAILED)

    assert mapping.reporter.counted().get("DroppedEventCount", 0) == dropped


@pytest.mark.parametrize(
    ("bisects", "again"), [(False, [(0, 0), (0, 1), (0, 2)]), (True, [(0, 0)])]
)
def test_bisect_partial_responses(bisects: bool, again: object) -> None:  # noqa: FBT001 - a parameter
    mapping = mapping_with(
        bisect_partial_responses=bisects, fields={"bisect_on_function_error": True}
    )
    mapping.consumer.produce(*(record(0, offset) for offset in range(4)))

    mapping.answer(failing(*(("orders-0", offset) for offset in range(3))))
    mapping.run(1)

    assert mapping.sent()[1] == again


@pytest.mark.parametrize("response", [b'"done"', b"not JSON", b'{"batchItemFailures": [1]}'])
@pytest.mark.parametrize(("accepts", "committed"), [(False, {}), (True, {0: 1})])
def test_accept_malformed_responses(
    accepts: bool,  # noqa: FBT001 - a parameter
    committed: object,
    response: bytes,
) -> None:
    mapping = mapping_with(accept_malformed_responses=accepts)
    mapping.consumer.produce(record(0, 0))

    mapping.answer(Answer(response, None))

    assert mapping.consumer.committed == committed


@pytest.mark.parametrize(("accepts", "committed"), [(False, {}), (True, {0: 1})])
def test_accept_null_failures(accepts: bool, committed: object) -> None:  # noqa: FBT001 - a parameter
    mapping = mapping_with(accept_null_failures=accepts)
    mapping.consumer.produce(record(0, 0))

    mapping.answer(Answer(b'{"batchItemFailures": null}', None))

    assert mapping.consumer.committed == committed


@pytest.mark.parametrize(("merges", "again"), [(False, [(0, 0)]), (True, [(0, 0), (0, 1)])])
def test_merge_retries(merges: bool, again: object) -> None:  # noqa: FBT001 - a parameter
    mapping = mapping_with(merge_retries=merges)
    mapping.consumer.produce(record(0, 0))
    mapping.run()
    mapping.consumer.produce(record(0, 1))

    mapping.answer(FAILED)
    mapping.run(1)

    assert mapping.sent()[1] == again


@pytest.mark.parametrize(("holds", "sent"), [(True, [[(0, 0)]]), (False, [[(0, 0)], [(0, 1)]])])
def test_hold_partition_while_retrying(holds: bool, sent: object) -> None:  # noqa: FBT001 - a parameter
    mapping = mapping_with(
        hold_partition_while_retrying=holds, first_retry_seconds=100, longest_retry_seconds=100
    )
    mapping.consumer.produce(record(0, 0))
    mapping.answer(FAILED)

    mapping.consumer.produce(record(0, 1))
    mapping.run(1)

    assert mapping.sent() == sent


@pytest.mark.parametrize(("passes", "sent"), [(False, []), (True, [[(0, 0)]])])
def test_tombstones_pass_filters(passes: bool, sent: object) -> None:  # noqa: FBT001 - a parameter
    mapping = mapping_with(tombstones_pass_filters=passes, fields={"patterns": (PATTERN,)})
    mapping.consumer.produce(record(0, 0, value=None))

    mapping.run(1)

    assert mapping.sent() == sent


@pytest.mark.parametrize(("fill", "sent"), [(False, []), (True, [[(0, 0)]])])
def test_filtered_records_fill_batches(fill: bool, sent: object) -> None:  # noqa: FBT001 - a parameter
    fields = {"patterns": (PATTERN,), "batch_size": 2, "window_seconds": 300.0}
    mapping = mapping_with(filtered_records_fill_batches=fill, fields=fields)
    mapping.consumer.produce(record(0, 0, value=A), record(0, 1, value=B))

    mapping.run(1)

    assert mapping.sent() == sent


@pytest.mark.parametrize(("at_once", "committed"), [(False, {}), (True, {0: 1})])
def test_commit_filtered_at_once(at_once: bool, committed: object) -> None:  # noqa: FBT001 - a parameter
    mapping = mapping_with(commit_filtered_at_once=at_once, fields={"patterns": (PATTERN,)})
    mapping.consumer.produce(record(0, 0, value=B), record(0, 1, value=A))

    mapping.run(1)

    assert mapping.sent() == [[(0, 1)]]
    assert mapping.consumer.committed == committed


@pytest.mark.parametrize(
    ("age_from", "sent"), [(AgeFrom.TIMESTAMP, []), (AgeFrom.ARRIVAL, [[(0, 0)]])]
)
def test_age_from(age_from: AgeFrom, sent: object) -> None:
    mapping = mapping_with(age_from=age_from, fields={"maximum_record_age_seconds": 60})
    mapping.consumer.produce(record(0, 0)._replace(timestamp_ms=0))

    mapping.run(1)

    assert mapping.sent() == sent


@pytest.mark.parametrize("condition", ["RecordAgeExceeded", "MaximumRecordAgeExceeded"])
def test_age_condition(condition: str) -> None:
    destination = ScriptedDestination()
    mapping = mapping_with(
        destination=destination,
        age_condition=condition,
        fields={"maximum_record_age_seconds": 60},
    )
    mapping.consumer.produce(record(0, 0)._replace(timestamp_ms=0))

    mapping.run(1)

    assert destination.received() == [(condition, [(0, 0)])]
