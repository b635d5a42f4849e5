"""A function that fails: what is sent again, what is given up, what the server is told of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.event_source_mapping.endpoint import (
    FUNCTION_ERROR,
    Invocation,
    LambdaEndpoint,
    Reply,
)
from tests.integration.event_source_mapping.local_aws import Bucket, local_aws
from tests.integration.nats.source import ReadStream, source
from tests.servers import wait_until


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Give the address of a local AWS."""
    with local_aws() as endpoint_url:
        yield endpoint_url


def fails(*poison: int, times: int = 10**9) -> "Failing":
    return Failing(set(poison), times)


class Failing:
    """A function that fails with some messages, so many times."""

    def __init__(self, poison: set[int], times: int) -> None:
        self.poison = poison
        self.left = times

    def __call__(self, invocation: Invocation) -> Reply:
        if self.left and self.poison.intersection(place.offset for place in invocation.places):
            self.left -= 1
            return FUNCTION_ERROR
        return Reply()


def sent(endpoint: LambdaEndpoint) -> list[list[int]]:
    return [[place.offset for place in one.places] for one in endpoint.invocations]


def test_a_batch_that_fails_is_sent_again_before_later_messages(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    endpoint.answer = fails(2, times=3)
    stream.produce(6)

    with source(tmp_path, stream, endpoint.url, BatchSize=3):
        stream.wait_until_acknowledged(6)
        told = stream.consumer()

    assert sent(endpoint) == [[1, 2, 3]] * 4 + [[4, 5, 6]]
    assert told is not None
    assert told.num_ack_pending == 0


def test_the_server_is_told_how_long_a_message_waits_and_delivers_it_again(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    endpoint.answer = fails(1)
    stream.produce(1)

    with source(tmp_path, stream, endpoint.url):
        wait_until(stream.has_delivered_again, "another delivery")
        endpoint.answer = lambda _: Reply()
        stream.wait_until_acknowledged(1)


def test_only_the_messages_that_are_named_are_sent_again(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    failure = {"itemIdentifier": {"partition": f"nats:{stream.name}-0", "offset": 2}}
    partial = Reply(json.dumps({"batchItemFailures": [failure]}).encode())
    endpoint.answer = lambda _: Reply() if len(endpoint.invocations) > 1 else partial
    stream.produce(3)

    with source(tmp_path, stream, endpoint.url, BatchSize=3):
        stream.wait_until_acknowledged(3)

    assert sent(endpoint) == [[1, 2, 3], [2]]


def test_a_message_that_keeps_failing_is_found_delivered_and_terminated(
    stream: ReadStream, endpoint: LambdaEndpoint, aws: str, tmp_path: Path
) -> None:
    bucket = Bucket(aws)
    endpoint.answer = fails(3)
    terminated = stream.listen("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED")
    stream.produce(4)
    properties = {
        "BatchSize": 4,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 1,
        "DestinationConfig": {"OnFailure": {"Destination": bucket.arn}},
    }

    with source(tmp_path, stream, endpoint.url, {"aws_endpoint_url": aws}, **properties) as mapping:
        stream.wait_until_acknowledged(4)
        delivered = "OnFailureDestinationDeliveredEventCount"
        wait_until(lambda: mapping.status()["metrics"][delivered] == 1, "its word")
        said = terminated()

    (key,) = bucket.keys()
    document = bucket.read(key)
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    (span,) = document["KafkaBatchInfo"]["recordsInfo"].values()
    assert (span["firstRecordOffset"], span["lastRecordOffset"]) == ("3", "3")
    assert [one["stream_seq"] for one in said] == [3]


def test_a_message_that_no_event_can_hold_is_given_up_and_the_others_are_not(
    stream: ReadStream, endpoint: LambdaEndpoint, aws: str, tmp_path: Path
) -> None:
    bucket = Bucket(aws)
    stream.publish([b"1", bytes(7 * 1024 * 1024), b"3"])
    destination = {"OnFailure": {"Destination": bucket.arn}}

    with source(
        tmp_path,
        stream,
        endpoint.url,
        {"aws_endpoint_url": aws},
        DestinationConfig=destination,
    ):
        stream.wait_until_acknowledged(3)

    (key,) = bucket.keys()
    assert bucket.read(key)["requestContext"]["condition"] == "MaximumPayloadSizeExceeded"
    assert [offset for batch in sent(endpoint) for offset in batch] == [1, 3]


def test_messages_that_grow_too_old_are_given_up(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    endpoint.answer = fails(1)
    terminated = stream.listen("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED")
    stream.produce(1)

    with source(
        tmp_path,
        stream,
        endpoint.url,
        {"choices": {"age_from": "arrival"}},
        MaximumRecordAgeInSeconds=60,
        MaximumRetryAttempts=0,
    ) as mapping:
        stream.wait_until_acknowledged(1)
        said = terminated()

    assert "dropped 1 records" in mapping.output()
    assert [one["stream_seq"] for one in said] == [1]
