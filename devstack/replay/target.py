"""The target: events in, a function invoked with them until it accepts them, what it told out.

A function error is the event's: it is tried again a few times, then counted as failed. Where nobody
answers, nothing was tried: the replay waits, and stops where it is when that does not help.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, which is no OSError
    HTTPClientError,
)

from devstack.errors import UserError
from devstack.event_source_mapping.polling.outcome import Answer
from devstack.event_source_mapping.polling.records import Batch
from devstack.event_source_mapping.polling.response import Judge
from devstack.replay.events import Event

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

DEFAULT_ATTEMPTS = 3
BACK_OFF_SECONDS = (0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0)
"""The waits while nobody answers, and between attempts that failed."""

ASKS_FOR_FATES = base64.b64encode(json.dumps({"custom": {"report": "fates"}}).encode()).decode()
_STOPS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "check the credentials",
    HTTPStatus.FORBIDDEN: "check the credentials and their permission lambda:InvokeFunction",
    HTTPStatus.NOT_FOUND: "give its name with --function, or another --endpoint-url",
}


@dataclass
class Delivered:
    """What came of one event."""

    fates: list[Any] = field(default_factory=list)
    failed: Batch | None = None
    reason: str = ""


@dataclass(frozen=True)
class Target:
    """One function at one endpoint."""

    client: "LambdaClient"
    function_name: str
    endpoint: str
    wait: Callable[[float], None]
    attempts: int = DEFAULT_ATTEMPTS
    back_off_seconds: Sequence[float] = BACK_OFF_SECONDS

    def send(self, event: Event) -> Delivered:
        """Invoke the function with an event until it is through, or out of attempts.

        Only the records that a partial response lists are sent again. Raises `UserError` when the
        function cannot be reached.
        """
        judge = Judge(event.event_format, report_item_failures=True)
        delivered, batch = Delivered(), event.batch
        for attempt in range(1, self.attempts + 1):
            payload = event.payload(batch)
            if len(payload) > event.event_format.largest_bytes:
                return Delivered(delivered.fates, batch, f"{len(payload)} bytes are over the 6 MB")
            answer = self._reach(payload)
            delivered.fates += _fates(answer)
            verdict = judge.verdict(batch, answer)
            if not verdict.failed:
                return delivered
            batch, reason = batch.with_records(verdict.failed), verdict.reason
            if attempt < self.attempts:
                self.wait(self.back_off_seconds[min(attempt, len(self.back_off_seconds)) - 1])
        return Delivered(delivered.fates, batch, reason)

    def _reach(self, payload: bytes) -> Answer:
        for seconds in (*self.back_off_seconds, None):
            try:
                return self._invoke(payload)
            except ClientError as error:
                if answer := self._refused(error):
                    return answer
                fault = str(error)
            except (ConnectionError, HTTPClientError) as error:
                fault = str(error)
            except BotoCoreError as error:  # no credentials, no region, …
                message = (
                    f"{self.function_name} cannot be invoked: {error}; check region and credentials"
                )
                raise UserError(message) from error
            if seconds is not None:
                self.wait(seconds)
        message = (
            f"{self.function_name} at {self.endpoint} does not answer ({fault}); start it or give"
            " another --endpoint-url; the same command goes on where this one stopped"
        )
        raise UserError(message)

    def _invoke(self, payload: bytes) -> Answer:
        response = self.client.invoke(
            FunctionName=self.function_name, Payload=payload, ClientContext=ASKS_FOR_FATES
        )
        return Answer(response["Payload"].read(), response.get("FunctionError"))

    def _refused(self, error: ClientError) -> Answer | None:
        """Return what a refusal of this event comes to; None: it may pass if asked again.

        Raises `UserError` when every other event would be refused too.
        """
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = error.response["Error"].get("Code", "")
        told = error.response["Error"].get("Message", "")
        if status in _STOPS:
            message = (
                f"{self.endpoint} refuses {self.function_name} ({code}: {told}); {_STOPS[status]}"
            )
            raise UserError(message)
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        return Answer(told.encode(), code)


def _fates(answer: Answer) -> list[Any]:
    """Return what the function told, if it did; from anybody else anything may come."""
    try:
        told = json.loads(answer.payload)
    except ValueError:
        return []
    match told:
        case {
            "fates": {"stored": int(), "duplicates": int(), "quarantined": dict(quarantined)}
        } if all(isinstance(number, int) for number in quarantined.values()):
            return [told["fates"]]
    return []
