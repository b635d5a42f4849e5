import base64
import json
from typing import Any

import pytest

from devstack.event_source_mapping.destinations.invocation_record import InvocationRecords
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.given_up import (
    MAXIMUM_PAYLOAD_SIZE_EXCEEDED,
    RETRY_ATTEMPTS_EXHAUSTED,
    GivenUp,
)
from devstack.event_source_mapping.polling.outcome import Answer
from devstack.event_source_mapping.polling.records import (
    Batch,
    ConsumedRecord,
    Record,
    Tries,
    by_partition,
)
from tests.unit.event_source_mapping.fakes import configuration

CLUSTER = "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/0000-1"
FAILED = Answer(b'{"errorMessage": "no"}', "Unhandled", "c2a6f2ae", 200, "$LATEST")
MSK = configuration(event_source_arn=CLUSTER)
SELF_MANAGED = configuration()
NOW = 1735689662.25


def records(chosen: Any = MSK) -> InvocationRecords:  # noqa: ANN401 - as the fakes' configuration
    return InvocationRecords(chosen, now=lambda: NOW)


def given_up(
    *places: tuple[int, int],
    condition: str = RETRY_ATTEMPTS_EXHAUSTED,
    answer: Answer | None = FAILED,
    timestamp_ms: int = 1735689600000,
) -> GivenUp:
    """Give up records of these partitions and offsets; each is a millisecond after the last."""
    tries = Tries(attempts=3, invocations=3 if answer else 0, last_answer=answer)
    held = []
    for number, (partition, offset) in enumerate(places):
        moment = timestamp_ms + number
        consumed = ConsumedRecord(partition, offset, moment, "CREATE_TIME", b"key", b"value", ())
        encoded = EventFormat.of(MSK).encode(consumed)
        held.append(Record(partition, offset, moment, encoded, 0.0, tries))
    return GivenUp(Batch(by_partition(held)), condition)


def payload_size(failed: GivenUp) -> int:
    return len(EventFormat.of(MSK).event(failed.batch.records))


def test_a_queue_or_topic_gets_the_documented_shape_without_a_payload() -> None:
    failed = given_up((0, 15), (0, 16), (0, 18), (2, 7))

    document = json.loads(records().for_message(failed))

    assert document == {
        "requestContext": {
            "requestId": "c2a6f2ae",
            "functionArn": "arn:aws:lambda:eu-central-1:000000000000:function:IngestOrdersFunction",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": "2025-01-01T00:01:02.250Z",
        "KafkaBatchInfo": {
            "batchSize": 4,
            "eventSourceArn": CLUSTER,
            "bootstrapServers": "127.0.0.1:9092",
            "payloadSize": payload_size(failed),
            "recordsInfo": {
                "orders-0": {
                    "firstRecordOffset": "15",
                    "lastRecordOffset": "18",
                    "firstRecordTimestamp": "2025-01-01T00:00:00.000Z",
                    "lastRecordTimestamp": "2025-01-01T00:00:00.002Z",
                },
                "orders-2": {
                    "firstRecordOffset": "7",
                    "lastRecordOffset": "7",
                    "firstRecordTimestamp": "2025-01-01T00:00:00.003Z",
                    "lastRecordTimestamp": "2025-01-01T00:00:00.003Z",
                },
            },
        },
    }


def test_a_bucket_gets_the_same_and_the_event_as_a_string() -> None:
    failed = given_up((0, 15), (1, 3))

    document = json.loads(records().for_object(failed))

    payload = document.pop("payload")
    assert document == json.loads(records().for_message(failed))
    assert payload.encode() == EventFormat.of(MSK).event(failed.batch.records)


def test_a_kafka_topic_gets_one_document_for_each_record_with_its_event_as_an_object() -> None:
    failed = given_up((0, 15), (1, 3))

    (first, one), (second, other) = records().for_records(failed)

    document = json.loads(other)
    assert [(first.partition, first.offset), (second.partition, second.offset)] == [(0, 15), (1, 3)]
    assert json.loads(one)["payload"]["records"].keys() == {"orders-0"}
    assert document["requestContext"]["condition"] == "RetriesExhausted"
    assert document["responseContext"]["functionError"] == "Unhandled"
    assert document["KafkaBatchInfo"] == {
        "batchSize": 1,
        "eventSourceArn": CLUSTER,
        "bootstrapServers": "127.0.0.1:9092",
        "payloadSize": len(EventFormat.of(MSK).event({1: [second]})),
        "recordInfo": {"offset": "3", "timestamp": "2025-01-01T00:00:00.001Z"},
    }
    (record,) = document["payload"]["records"]["orders-1"]
    assert base64.b64decode(record["value"]) == b"value"
    assert document["payload"]["eventSourceArn"] == CLUSTER


def test_only_exhausted_retries_have_another_name_in_a_kafka_topic() -> None:
    failed = given_up((0, 0), condition="RecordAgeExceeded")

    ((_, document),) = records().for_records(failed)

    assert json.loads(document)["requestContext"]["condition"] == "RecordAgeExceeded"


def test_a_record_that_was_never_sent_has_no_response_and_a_made_up_request() -> None:
    failed = given_up((0, 0), condition=MAXIMUM_PAYLOAD_SIZE_EXCEEDED, answer=None)

    document = json.loads(records().for_message(failed))

    assert document["responseContext"] is None
    assert document["requestContext"]["condition"] == "MaximumPayloadSizeExceeded"
    assert document["requestContext"]["approximateInvokeCount"] == 0
    assert len(document["requestContext"]["requestId"]) == 36


def test_a_partial_response_is_no_function_error() -> None:
    failed = given_up((0, 0), answer=FAILED._replace(function_error=None))

    document = json.loads(records().for_message(failed))

    assert document["responseContext"]["functionError"] is None


def test_a_self_managed_cluster_has_no_arn() -> None:
    document = json.loads(records(SELF_MANAGED).for_message(given_up((0, 0))))

    assert "eventSourceArn" not in document["KafkaBatchInfo"]


def test_a_function_named_by_its_arn_keeps_it() -> None:
    arn = "arn:aws:lambda:eu-west-1:111122223333:function:f:alias"

    document = json.loads(records(configuration(function_name=arn)).for_message(given_up((0, 0))))

    assert document["requestContext"]["functionArn"] == arn


@pytest.mark.parametrize(
    ("timestamp_ms", "expected"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1735689600000 * 1000, "9999-12-31T23:59:59.999Z"),
        (2**63 - 1, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_whatever_time_a_producer_sends_the_document_has_one(
    timestamp_ms: int, expected: str
) -> None:
    failed = given_up((0, 0), timestamp_ms=timestamp_ms)

    ((_, document),) = records().for_records(failed)

    assert json.loads(document)["KafkaBatchInfo"]["recordInfo"]["timestamp"] == expected
