import json

import pytest

from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.outcome import Answer, Outcome
from devstack.event_source_mapping.polling.records import Batch, Record
from devstack.event_source_mapping.polling.response import Judge, Kind
from tests.unit.event_source_mapping.fakes import FAILED, THROTTLED, failing

FORMAT = EventFormat("orders", "b:9092", None)
BATCH = Batch(
    {
        0: [Record(0, offset, 0, b"{}", 0.0) for offset in (5, 6, 7)],
        3: [Record(3, offset, 0, b"{}", 0.0) for offset in (5, 9)],
    },
)
EVERYTHING = [(0, 5), (0, 6), (0, 7), (3, 5), (3, 9)]


def retried(outcome: Outcome, *, report_item_failures: bool = True) -> list[tuple[int, int]]:
    verdict = Judge(FORMAT, report_item_failures).verdict(BATCH, outcome)
    return [(p, r.offset) for p, records in verdict.failed.items() for r in records]


def answer(response: object) -> Answer:
    return Answer(json.dumps(response).encode(), None)


@pytest.mark.parametrize(
    "response",
    [{"batchItemFailures": []}, {"batchItemFailures": None}, {}, None, {"statusCode": 200}],
)
def test_a_response_that_lists_nothing_is_success(response: object) -> None:
    assert retried(answer(response)) == []


def test_an_empty_body_is_success() -> None:
    assert retried(Answer(b"", None)) == []


def test_only_the_listed_records_are_sent_again_in_offset_order() -> None:
    assert retried(failing(("orders-0", 7), ("orders-3", 9), ("orders-0", 6))) == [
        (0, 6),
        (0, 7),
        (3, 9),
    ]


def test_a_record_listed_twice_is_sent_again_once() -> None:
    assert retried(failing(("orders-0", 7), ("orders-0", 7))) == [(0, 7)]


@pytest.mark.parametrize(
    "identifier",
    [("orders-0", 8), ("orders-1", 5), ("payments-0", 5), ("orders-0", "5"), ("orders-0", None)],
)
def test_an_identifier_that_was_not_sent_fails_the_whole_batch(
    identifier: tuple[str, object],
) -> None:
    assert retried(failing(("orders-0", 6), identifier)) == EVERYTHING


@pytest.mark.parametrize(
    "response",
    [
        "text",
        [],
        7,
        {"batchItemFailures": "orders-0"},
        {"batchItemFailures": {}},
        {"batchItemFailures": ["orders-0:5"]},
        {"batchItemFailures": [{}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"itemIdentifier": "5"}]},
        {"batchItemFailures": [{"itemIdentifier": {"offset": 5}}]},
        {"batchItemFailures": [{"itemIdentifier": {"partition": "orders-0", "offset": True}}]},
    ],
)
def test_a_response_in_another_format_fails_the_whole_batch(response: object) -> None:
    assert retried(answer(response)) == EVERYTHING


def test_a_response_that_is_not_json_fails_the_whole_batch() -> None:
    assert retried(Answer(b"<html>", None)) == EVERYTHING


def test_a_function_error_fails_the_whole_batch_whatever_the_payload_says() -> None:
    outcome = failing(("orders-0", 7))._replace(function_error="Unhandled")

    assert retried(outcome) == EVERYTHING


@pytest.mark.parametrize("report_item_failures", [True, False])
def test_an_error_that_only_the_payload_tells_fails_the_whole_batch(
    *, report_item_failures: bool
) -> None:
    outcome = FAILED._replace(function_error=None)

    assert retried(outcome, report_item_failures=report_item_failures) == EVERYTHING


def test_a_batch_that_never_ran_is_sent_again_and_the_function_is_not_blamed() -> None:
    verdict = Judge(FORMAT, report_item_failures=True).verdict(BATCH, THROTTLED)

    assert verdict.failed == BATCH.records
    assert verdict.kind is Kind.UNREACHED


@pytest.mark.parametrize("payload", [b"<html>", b"[]", failing(("orders-0", 7)).payload])
def test_without_report_batch_item_failures_the_response_means_nothing(payload: bytes) -> None:
    assert retried(Answer(payload, None), report_item_failures=False) == []
