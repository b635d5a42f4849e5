"""The invoker: batches in, their outcomes out, through the Lambda Invoke API.

boto3 signs, so the address may be devstack's, `sam local start-lambda`, LocalStack or AWS. It costs
0.5 ms a call (http.client 0.1, urllib3 with our own signing 0.3): nothing beside an invocation.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from devstack.account import REGION
from devstack.event_source_mapping.event import EventFormat
from devstack.event_source_mapping.in_flight import MAXIMUM_BATCHES_IN_FLIGHT
from devstack.event_source_mapping.ports import Completion
from devstack.event_source_mapping.records import Batch
from devstack.event_source_mapping.response import Answer, Outcome, Unreached

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CONNECT_TIMEOUT_SECONDS = 3
MARGIN_SECONDS = 30
"""How much longer than the function's time-out to wait for its answer: queueing and cold starts."""

LOCAL_CREDENTIAL = "local"
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


def lambda_client(endpoint_url: str | None, function_timeout_seconds: int) -> "LambdaClient":
    """Return a client that never retries by itself: retrying is the poller's.

    An endpoint of this machine is signed for with made-up credentials: nobody checks them, and
    looking for real ones would ask a metadata service that is not there.
    """
    session = boto3.Session()
    here = endpoint_url is not None and urlsplit(endpoint_url).hostname in _THIS_MACHINE
    credential = LOCAL_CREDENTIAL if here else None
    return session.client(
        "lambda",
        endpoint_url=endpoint_url,
        region_name=session.region_name or REGION,
        aws_access_key_id=credential,
        aws_secret_access_key=credential,
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=function_timeout_seconds + MARGIN_SECONDS,
            max_pool_connections=MAXIMUM_BATCHES_IN_FLIGHT,
            tcp_keepalive=True,
        ),
    )


class LambdaInvoker:
    """A few threads that invoke one function; a stop of the process does not wait for them."""

    def __init__(
        self, client: "LambdaClient", function_name: str, event_format: EventFormat
    ) -> None:
        self._client = client
        self._function_name = function_name
        self._format = event_format
        self._submitted: SimpleQueue[Batch] = SimpleQueue()
        self._completed: SimpleQueue[Completion | Exception] = SimpleQueue()
        for _ in range(MAXIMUM_BATCHES_IN_FLIGHT):
            Thread(target=self._work, name=f"invoke {function_name}", daemon=True).start()

    def submit(self, batch: Batch) -> None:
        """Invoke the function with `batch`, later."""
        self._submitted.put(batch)

    def completed(self) -> Iterator[Completion]:
        """Yield what has come back since the last call, without waiting.

        Raises what a thread did not expect: such a batch would never come back.
        """
        while not self._completed.empty():
            completion = self._completed.get()
            if isinstance(completion, Exception):
                raise completion
            yield completion

    def _work(self) -> None:
        while True:
            batch = self._submitted.get()
            try:
                self._completed.put(Completion(batch, self._invoke(batch)))
            except Exception as error:  # noqa: BLE001 - it is raised again in `completed`
                self._completed.put(error)

    def _invoke(self, batch: Batch) -> Outcome:
        try:
            response = self._client.invoke(
                FunctionName=self._function_name, Payload=self._format.event(batch.records)
            )
            return Answer(response["Payload"].read(), response.get("FunctionError"))
        except (ClientError, BotoCoreError) as error:
            return Unreached(f"{type(error).__name__}: {error}")
