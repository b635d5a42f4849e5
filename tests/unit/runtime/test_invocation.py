"""Failures have AWS's words."""

import json

import pytest

from devstack.runtime import invocation


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        (-9, "Runtime exited with error: signal: killed"),
        (-11, "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_the_end_of_a_process_is_told_as_lambda_tells_it(status: int, reason: str) -> None:
    failure = invocation.exited("id", status)

    assert failure.message == f"RequestId: id Error: {reason}"
    assert failure.report_note == "\tStatus: error\tError Type: Runtime.ExitError"


def test_a_time_out_names_the_limit_with_two_decimals() -> None:
    failure = invocation.timed_out("id", 3)

    assert json.loads(failure.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: id Error: Task timed out after 3.00 seconds",
    }
    assert failure.report_note == "\tStatus: timeout"


def test_two_invocations_have_two_ids() -> None:
    assert (
        invocation.Invocation(event=b"").request_id != invocation.Invocation(event=b"").request_id
    )
