"""Dead letters of a bucket are read through the S3 API and sent as the events they hold."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from devstack.parts import listens
from devstack.ports import free_port
from tests.integration.event_source_mapping.endpoint import LambdaEndpoint
from tests.integration.replay.command import ReplayCommand
from tests.servers import ROOT, wait_until
from tests.unit.replay.dead_letters import EVENT, of_s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    """Give the address of the local AWS."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "devstack.aws", "--port", str(port)], cwd=ROOT
    )
    try:
        wait_until(lambda: listens(port), "the local AWS")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
def s3(aws_url: str) -> "S3Client":
    client: S3Client = boto3.client(
        "s3",
        endpoint_url=aws_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    client.create_bucket(Bucket="letters")
    return client


def letter(offset: int) -> tuple[bytes, dict[str, Any]]:
    """Make a dead letter, and the event in it."""
    event = json.loads(json.dumps(EVENT))
    for record in event["records"]["my-orders-3"]:
        record["offset"] += offset
    return json.dumps({**json.loads(of_s3()), "payload": json.dumps(event)}).encode(), event


def test_every_dead_letter_under_a_prefix_is_sent_as_its_event(
    s3: "S3Client", aws_url: str, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    letters = [letter(10 * number) for number in range(3)]
    for number, (document, _) in enumerate(letters):
        s3.put_object(Bucket="letters", Key=f"aws/lambda/uuid/{number}", Body=document)
    s3.put_object(Bucket="letters", Key="elsewhere", Body=b"no letter")

    done = command("files", "s3://letters/aws/lambda/", "--aws-endpoint-url", aws_url)

    assert done.status == 0, done.err
    assert [one.event for one in endpoint.invocations] == [event for _, event in letters]
    assert done.summary["sent"] == 6


def test_an_object_that_is_no_dead_letter_is_named(
    s3: "S3Client", aws_url: str, command: ReplayCommand
) -> None:
    s3.put_object(Bucket="letters", Key="other/order.json", Body=b'{"order_uid": "a"}')

    done = command("files", "s3://letters/other", "--aws-endpoint-url", aws_url)

    assert (done.status, done.err.count("\n")) == (1, 1)
    assert "s3://letters/other/order.json is no Kafka event" in done.err


def test_a_bucket_that_is_not_there_is_one_line(aws_url: str, command: ReplayCommand) -> None:
    done = command("files", "s3://nowhere/x", "--aws-endpoint-url", aws_url)

    assert (done.status, done.err.count("\n")) == (1, 1)
    assert "s3://nowhere/x" in done.err
    assert "--aws-endpoint-url" in done.err
