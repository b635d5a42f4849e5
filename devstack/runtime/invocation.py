"""Invocations: an event and its request id in, a payload with or without a function error out.

Failures are worded as AWS words them; each names its source.
"""

import json
import signal
from dataclasses import dataclass, field
from uuid import uuid4

MAX_RESPONSE_BYTES = 6_291_556  # 6 MiB and 100 bytes, as AWS's own message states it


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One event on its way to a handler."""

    event: bytes
    request_id: str = field(default_factory=lambda: str(uuid4()))
    client_context: str | None = None
    """JSON, decoded from X-Amz-Client-Context."""


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """What a handler answered, or what AWS answers in its place."""

    request_id: str
    payload: bytes
    failed: bool = False
    """True: the payload is an error object, and the Invoke API says X-Amz-Function-Error."""
    log_tail: bytes = b""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error object in AWS's words."""

    error_type: str
    message: str

    @property
    def payload(self) -> bytes:
        """The error object as the Invoke API returns it."""
        return json.dumps({"errorType": self.error_type, "errorMessage": self.message}).encode()

    @property
    def report_note(self) -> str:
        """What the REPORT line says of it."""
        if self.error_type == "Sandbox.Timedout":
            return "\tStatus: timeout"
        return f"\tStatus: error\tError Type: {self.error_type}"


def timed_out(request_id: str, seconds: float) -> Failure:
    """Word a time-out.

    https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html#troubleshooting-timeouts
    """
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return Failure("Sandbox.Timedout", message)


def exited(request_id: str, status: int) -> Failure:
    """Word the end of a process in mid-invocation; a negative status is a signal.

    https://repost.aws/knowledge-center/lambda-runtime-error, and for status 0
    https://github.com/swift-serverless/aws-lambda-swift-sprinter/issues/27
    """
    return Failure("Runtime.ExitError", f"RequestId: {request_id} Error: {exit_reason(status)}")


def out_of_memory(request_id: str) -> Failure:
    """Word a kill for memory: type Runtime.OutOfMemory, text of the kill.

    https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-configuration.html#memory-config
    """
    return Failure("Runtime.OutOfMemory", exited(request_id, -signal.SIGKILL).message)


def response_too_large() -> Failure:
    """Word an answer over 6 MB.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    message = (
        f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
    )
    return Failure("Function.ResponseSizeTooLarge", message)


def exit_reason(status: int) -> str:
    """Say how a process ended, in the words of Lambda's log."""
    if status == 0:
        return "Runtime exited without providing a reason"
    if status > 0:
        return f"Runtime exited with error: exit status {status}"
    name = signal.strsignal(-status) or f"signal {-status}"
    return f"Runtime exited with error: signal: {name.lower()}"
