"""The outcome of an invocation, as the Invoke API tells it."""

from typing import NamedTuple


class Answer(NamedTuple):
    """The function ran; `function_error` is the header X-Amz-Function-Error."""

    payload: bytes
    function_error: str | None
    request_id: str = ""
    status: int = 200
    executed_version: str = "$LATEST"


class Unreached(NamedTuple):
    """The batch never ran: throttled, refused, or nobody there."""

    reason: str


Outcome = Answer | Unreached
