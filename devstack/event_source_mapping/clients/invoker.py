"""The invoker: batches in, their outcomes out, through the Lambda Invoke API.

boto3 signs, so the address may be devstack's, `sam local start-lambda`, LocalStack or AWS. It costs
0.5 ms a call (http.client 0.1, urllib3 with our own signing 0.3): nothing beside an invocation.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from devstack.event_source_mapping.clients.aws_client import aws_client
from devstack.event_source_mapping.clients.background import Background
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.in_flight import MAXIMUM_BATCHES_IN_FLIGHT
from devstack.event_source_mapping.polling.outcome import Answer, Outcome, Unreached
from devstack.event_source_mapping.polling.ports import Completion
from devstack.event_source_mapping.polling.records import Batch

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

MARGIN_SECONDS = 30
"""How much longer than the function's time-out to wait for its answer: queueing and cold starts."""


def lambda_client(endpoint_url: str | None, function_timeout_seconds: int) -> "LambdaClient":
    """Return a client that never retries by itself: retrying is the poller's."""
    config = Config(
        retries={"total_max_attempts": 1},
        read_timeout=function_timeout_seconds + MARGIN_SECONDS,
        max_pool_connections=MAXIMUM_BATCHES_IN_FLIGHT,
        tcp_keepalive=True,
    )
    client: LambdaClient = aws_client("lambda", endpoint_url, config)
    return client


class LambdaInvoker:
    """A few threads that invoke one function; a stop of the process does not wait for them."""

    def __init__(
        self, client: "LambdaClient", function_name: str, event_format: EventFormat
    ) -> None:
        self._client = client
        self._function_name = function_name
        self._format = event_format
        self._invoking = Background(
            self._attempt, f"invoke {function_name}", MAXIMUM_BATCHES_IN_FLIGHT
        )

    def submit(self, batch: Batch) -> None:
        """Invoke the function with `batch`, later."""
        self._invoking.submit(batch)

    def completed(self) -> Iterator[Completion]:
        """Yield what has come back since the last call, without waiting."""
        return self._invoking.completed()

    def close(self) -> None:
        """Let the threads end when they have done what was submitted; do not wait."""
        self._invoking.close()

    def _attempt(self, batch: Batch) -> Completion:
        return Completion(batch, self._invoke(batch))

    def _invoke(self, batch: Batch) -> Outcome:
        try:
            response = self._client.invoke(
                FunctionName=self._function_name, Payload=self._format.event(batch.records)
            )
            return Answer(
                response["Payload"].read(),
                response.get("FunctionError"),
                response["ResponseMetadata"].get("RequestId", ""),
                response["StatusCode"],
                response.get("ExecutedVersion", "$LATEST"),
            )
        except (ClientError, BotoCoreError) as error:
            return Unreached(f"{type(error).__name__}: {error}")
