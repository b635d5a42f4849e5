"""The local AWS as a process of its own, and what a destination there has received."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from botocore.config import Config

from devstack.account import ACCOUNT, REGION
from devstack.event_source_mapping.clients.aws_client import aws_client
from devstack.parts import listens
from devstack.ports import free_port
from tests.servers import wait_until

_WAIT_SECONDS = 10


class Queue:
    """A queue of its own name; `topic_arn` is a topic that it hears."""

    def __init__(self, endpoint_url: str) -> None:
        name = f"failures-{uuid4().hex[:8]}"
        self._sqs = aws_client("sqs", endpoint_url, Config(), REGION)
        self._sns = aws_client("sns", endpoint_url, Config(), REGION)
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        self.topic_arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"

    def subscribe(self) -> None:
        """Make the topic, and hear it."""
        topic = self._sns.create_topic(Name=self.topic_arn.rpartition(":")[2])
        self._sns.subscribe(
            TopicArn=topic["TopicArn"],
            Protocol="sqs",
            Endpoint=self.arn,
            Attributes={"RawMessageDelivery": "true"},
        )

    def receive(self) -> Any:  # noqa: ANN401 - JSON
        """Take the next message, waiting for it."""
        answer = self._sqs.receive_message(QueueUrl=self._url, WaitTimeSeconds=_WAIT_SECONDS)
        (message,) = answer["Messages"]
        return json.loads(message["Body"])


class Bucket:
    """A bucket of its own name."""

    def __init__(self, endpoint_url: str) -> None:
        self.name = f"failures-{uuid4().hex[:8]}"
        self.arn = f"arn:aws:s3:::{self.name}"
        self._s3 = aws_client("s3", endpoint_url, Config(), REGION)
        self._s3.create_bucket(
            Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": REGION}
        )

    def keys(self) -> list[str]:
        """Name the objects."""
        listed = self._s3.list_objects_v2(Bucket=self.name)
        return [found["Key"] for found in listed.get("Contents", ())]

    def read(self, key: str) -> Any:  # noqa: ANN401 - JSON
        """Return an object's content."""
        return json.loads(self._s3.get_object(Bucket=self.name, Key=key)["Body"].read())


@contextmanager
def local_aws() -> Iterator[str]:
    """Run the local AWS for the length of a `with` block; give its address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "devstack.aws", "--port", str(port)])
    try:
        wait_until(lambda: listens(port), "the local AWS to listen")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)
