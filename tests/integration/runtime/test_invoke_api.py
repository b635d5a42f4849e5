"""What boto3 sees of real functions equals what AWS documents (API_Invoke)."""

import base64
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

import psutil
import pytest

from tests.integration.runtime.front_process import FrontProcess
from tests.servers import wait_until

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import InvocationResponseTypeDef

Answer = dict[str, Any]
OBEDIENT = "ObedientFunction"


def invoke(
    client: "LambdaClient",
    event: object,
    name: str = OBEDIENT,
    log_type: Literal["None", "Tail"] = "None",
) -> Answer:
    return read(client.invoke(FunctionName=name, Payload=json.dumps(event), LogType=log_type))


def read(answer: "InvocationResponseTypeDef") -> Answer:
    """Read the payload, so that the connection is free again."""
    return {**answer, "Payload": answer["Payload"].read()}


def payload(answer: Answer) -> Any:  # noqa: ANN401 - JSON is anything
    return json.loads(answer["Payload"])


def request_id(answer: Answer) -> str:
    return str(answer["ResponseMetadata"]["RequestId"])


def tail(answer: Answer) -> str:
    return base64.b64decode(answer["LogResult"]).decode()


def test_what_the_handler_returns_is_the_payload(lambda_client: "LambdaClient") -> None:
    event = {"name": "Иван"}

    answer = invoke(lambda_client, event)

    assert payload(answer)["event"] == event
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert "LogResult" not in answer


def test_a_warm_environment_keeps_its_module_state(lambda_client: "LambdaClient") -> None:
    first = payload(invoke(lambda_client, {}))

    second = payload(invoke(lambda_client, {}))

    assert second["pid"] == first["pid"]
    assert second["calls"] == first["calls"] + 1


def test_an_invocation_without_payload_gets_an_empty_object(lambda_client: "LambdaClient") -> None:
    answer = read(lambda_client.invoke(FunctionName=OBEDIENT))

    assert payload(answer)["event"] == {}


def test_a_raising_handler_is_a_function_error_and_its_process_lives_on(
    lambda_client: "LambdaClient",
) -> None:
    before = payload(invoke(lambda_client, {}))

    answer = invoke(lambda_client, {"do": "raise"})

    error = payload(answer)
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert set(error) == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no such order")
    assert error["requestId"] == request_id(answer)
    assert 'raise ValueError("no such order")' in error["stackTrace"][-1]
    assert payload(invoke(lambda_client, {}))["pid"] == before["pid"]


def test_a_time_out_is_answered_as_aws_does_and_ends_the_process(
    lambda_client: "LambdaClient",
) -> None:
    before = payload(invoke(lambda_client, {}))

    answer = invoke(lambda_client, {"do": "sleep", "seconds": 20}, log_type="Tail")

    assert answer["FunctionError"] == "Unhandled"
    assert payload(answer) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id(answer)} Error: Task timed out after 2.00 seconds",
    }
    assert "Status: timeout" in tail(answer)
    wait_until(lambda: not psutil.pid_exists(before["pid"]), "the process to end")
    assert payload(invoke(lambda_client, {}))["calls"] == 1


def test_a_time_out_ends_what_the_handler_started(lambda_client: "LambdaClient") -> None:
    answer = invoke(lambda_client, {"do": "spawn and sleep"}, log_type="Tail")

    child = int(tail(answer).split("child ")[1].split()[0])
    wait_until(lambda: not _runs(child), "the child to end")


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"do": "exit", "status": 3}, "Runtime exited with error: exit status 3"),
        ({"do": "exit at once", "status": 7}, "Runtime exited with error: exit status 7"),
        ({"do": "exit at once", "status": 0}, "Runtime exited without providing a reason"),
    ],
)
def test_a_process_that_exits_is_a_runtime_exit_error(
    lambda_client: "LambdaClient", event: dict[str, object], reason: str
) -> None:
    answer = invoke(lambda_client, event, log_type="Tail")

    assert answer["FunctionError"] == "Unhandled"
    assert payload(answer) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id(answer)} Error: {reason}",
    }
    assert "Error Type: Runtime.ExitError" in tail(answer)
    assert payload(invoke(lambda_client, {}))["calls"] == 1


def test_a_crash_is_logged_with_the_functions_name_and_exit_status(
    front: FrontProcess, lambda_client: "LambdaClient"
) -> None:
    answer = invoke(lambda_client, {"do": "exit at once", "status": 42})

    message = payload(answer)["errorMessage"]
    line = f"ObedientFunction | {message} (Runtime.ExitError)"
    wait_until(lambda: line in front.lines(), "the line in the log")
    assert message.endswith("exit status 42")


def test_kill_9_ends_one_invocation_and_no_other(
    front: FrontProcess, lambda_client: "LambdaClient"
) -> None:
    event = {"do": "sleep", "seconds": 1}

    with ThreadPoolExecutor() as threads:
        seen = len(front.lines())
        both = [threads.submit(invoke, lambda_client, event, "OtherFunction") for _ in range(2)]
        wait_until(lambda: len(_sleeping("OtherFunction", front, seen)) == 2, "both to be served")
        victim = _sleeping("OtherFunction", front, seen)[0]
        os.kill(victim, signal.SIGKILL)
        answers = [each.result() for each in both]

    failed = [answer for answer in answers if "FunctionError" in answer]
    served = [answer for answer in answers if "FunctionError" not in answer]
    assert len(served) == 1
    assert payload(served[0])["pid"] != victim
    assert payload(failed[0]) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id(failed[0])} Error: "
        "Runtime exited with error: signal: killed",
    }


def test_a_function_over_its_memory_is_killed(lambda_client: "LambdaClient") -> None:
    answer = invoke(lambda_client, {"do": "eat", "megabytes": 300}, log_type="Tail")

    assert answer["FunctionError"] == "Unhandled"
    assert payload(answer) == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": f"RequestId: {request_id(answer)} Error: "
        "Runtime exited with error: signal: killed",
    }
    assert "Memory Size: 256 MB" in tail(answer)


def test_the_log_tail_has_all_that_was_printed_between_start_and_report(
    lambda_client: "LambdaClient",
) -> None:
    invoke(lambda_client, {})

    answer = invoke(lambda_client, {"do": "print", "text": "hello"}, log_type="Tail")

    start, *lines, end, report = tail(answer).splitlines()
    assert start == f"START RequestId: {request_id(answer)} Version: $LATEST"
    assert lines == ["hello", "to stderr"]
    assert end == f"END RequestId: {request_id(answer)}"
    assert report.startswith(f"REPORT RequestId: {request_id(answer)}\tDuration: ")
    assert "\tMemory Size: 256 MB\tMax Memory Used: " in report


def test_the_log_tail_is_the_last_4_kilobytes(lambda_client: "LambdaClient") -> None:
    answer = invoke(lambda_client, {"do": "print", "text": "x" * 100_000}, log_type="Tail")

    assert len(tail(answer)) == 4096
    assert tail(answer).splitlines()[-1].startswith("REPORT RequestId: ")


def test_the_first_invocation_reports_the_init_duration(lambda_client: "LambdaClient") -> None:
    invoke(lambda_client, {"do": "exit", "status": 1})

    cold = invoke(lambda_client, {}, log_type="Tail")
    warm = invoke(lambda_client, {}, log_type="Tail")

    assert "Init Duration: " in tail(cold)
    assert "loading" in tail(cold)
    assert "Init Duration: " not in tail(warm)


def test_an_answer_over_6_megabytes_is_a_function_error(lambda_client: "LambdaClient") -> None:
    answer = invoke(lambda_client, {"do": "grow", "bytes": 6_291_556})  # and two quotes

    assert answer["FunctionError"] == "Unhandled"
    assert payload(answer) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
    }


def test_an_answer_of_6_megabytes_arrives(lambda_client: "LambdaClient") -> None:
    answer = invoke(lambda_client, {"do": "grow", "bytes": 6_291_554})

    assert "FunctionError" not in answer
    assert len(payload(answer)) == 6_291_554


@pytest.mark.parametrize(
    ("name", "error_type", "text"),
    [
        (
            "UnloadableFunction",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'no_such_module'",
        ),
        (
            "MisnamedFunction",
            "Runtime.HandlerNotFound",
            "Handler 'lambda_handler' missing on module 'app'",
        ),
    ],
)
def test_a_function_that_does_not_load_answers_every_invocation_with_the_reason(
    lambda_client: "LambdaClient", name: str, error_type: str, text: str
) -> None:
    answers = [invoke(lambda_client, {}, name, log_type="Tail") for _ in range(2)]

    for answer in answers:
        error = payload(answer)
        assert answer["FunctionError"] == "Unhandled"
        assert (error["errorType"], error["errorMessage"]) == (error_type, text)
        assert f"[ERROR] {error_type}: {text}" in tail(answer)


def test_a_process_that_ends_while_it_loads_is_a_runtime_exit_error(
    lambda_client: "LambdaClient",
) -> None:
    answer = invoke(lambda_client, {}, "StillbornFunction")

    assert answer["FunctionError"] == "Unhandled"
    assert payload(answer) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id(answer)} Error: "
        "Runtime exited with error: exit status 4",
    }


def test_two_invocations_at_a_time_run_in_two_processes(lambda_client: "LambdaClient") -> None:
    event = {"do": "sleep", "seconds": 1}

    with ThreadPoolExecutor() as threads:
        both = [threads.submit(invoke, lambda_client, event, "OtherFunction") for _ in range(2)]
        answers = [payload(each.result()) for each in both]

    assert len({answer["pid"] for answer in answers}) == 2


def test_beyond_the_reserved_concurrency_an_invocation_is_throttled(
    front: FrontProcess, lambda_client: "LambdaClient"
) -> None:
    event = {"do": "sleep", "seconds": 1}
    name = "LimitedFunction"

    with ThreadPoolExecutor() as threads:
        seen = len(front.lines())
        first = threads.submit(invoke, lambda_client, event, name)
        wait_until(lambda: _sleeping(name, front, seen), "the first to be served")
        with pytest.raises(lambda_client.exceptions.TooManyRequestsException) as caught:
            invoke(lambda_client, {}, name)
        served = first.result()

    refusal: Answer = dict(caught.value.response)
    assert "FunctionError" not in served
    assert refusal["Error"]["Code"] == "TooManyRequestsException"
    assert refusal["Error"]["Message"] == "Rate Exceeded."
    assert refusal["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert refusal["ResponseMetadata"]["HTTPStatusCode"] == 429


@pytest.mark.parametrize(
    "name",
    [
        OBEDIENT,
        f"{OBEDIENT}:$LATEST",
        f"000000000000:function:{OBEDIENT}",
        f"arn:aws:lambda:eu-central-1:000000000000:function:{OBEDIENT}",
        f"arn:aws:lambda:eu-central-1:000000000000:function:{OBEDIENT}:$LATEST",
    ],
)
def test_a_function_is_found_by_each_of_its_names(lambda_client: "LambdaClient", name: str) -> None:
    answer = invoke(lambda_client, {}, name)

    assert answer["StatusCode"] == 200


@pytest.mark.parametrize("name", ["NoSuchFunction", f"{OBEDIENT}:7"])
def test_an_unknown_function_is_not_found(lambda_client: "LambdaClient", name: str) -> None:
    with pytest.raises(lambda_client.exceptions.ResourceNotFoundException) as caught:
        invoke(lambda_client, {}, name)

    arn = f"arn:aws:lambda:eu-central-1:000000000000:function:{name}"
    assert caught.value.response["Error"]["Message"] == f"Function not found: {arn}"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize("body", [b"{", b"not json", b'{"padding": "' + b"x" * 300_000])
def test_a_payload_that_is_not_json_is_refused(lambda_client: "LambdaClient", body: bytes) -> None:
    with pytest.raises(lambda_client.exceptions.InvalidRequestContentException) as caught:
        lambda_client.invoke(FunctionName=OBEDIENT, Payload=body)

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_payload_of_6_megabytes_arrives_and_one_byte_more_is_refused(
    lambda_client: "LambdaClient",
) -> None:
    largest = json.dumps({"do": "tell", "x": ""})
    largest = largest.replace('""', '"' + "x" * (6_291_456 - len(largest)) + '"')

    accepted = read(lambda_client.invoke(FunctionName=OBEDIENT, Payload=largest))
    with pytest.raises(lambda_client.exceptions.RequestTooLargeException) as caught:
        lambda_client.invoke(FunctionName=OBEDIENT, Payload=largest + " ")

    assert "FunctionError" not in accepted
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert caught.value.response["Error"]["Message"] == (
        "6291457 byte payload is too large for the RequestResponse invocation type "
        "(limit 6291456 bytes)"
    )


def test_an_asynchronous_invocation_is_accepted_and_runs(
    front: FrontProcess, lambda_client: "LambdaClient"
) -> None:
    event = json.dumps({"do": "print", "text": "ran later"})

    answer = read(
        lambda_client.invoke(FunctionName=OBEDIENT, Payload=event, InvocationType="Event")
    )

    assert answer["StatusCode"] == 202
    assert answer["Payload"] == b""
    wait_until(lambda: "ObedientFunction | ran later" in front.lines(), "the event to be served")


def test_a_dry_run_runs_nothing(lambda_client: "LambdaClient") -> None:
    before = payload(invoke(lambda_client, {}))

    answer = read(lambda_client.invoke(FunctionName=OBEDIENT, InvocationType="DryRun"))

    assert answer["StatusCode"] == 204
    assert payload(invoke(lambda_client, {}))["calls"] == before["calls"] + 1


def test_the_context_tells_the_invocation_and_the_function(lambda_client: "LambdaClient") -> None:
    custom = base64.b64encode(json.dumps({"custom": {"a": "b"}}).encode()).decode()

    event = json.dumps({"do": "tell"})
    answer = read(lambda_client.invoke(FunctionName=OBEDIENT, Payload=event, ClientContext=custom))

    told = payload(answer)
    assert 1500 < told["remaining"] <= 2000
    assert told["arn"] == f"arn:aws:lambda:eu-central-1:000000000000:function:{OBEDIENT}"
    assert (told["name"], told["memory"]) == (OBEDIENT, "256")
    assert told["request"] == request_id(answer)
    assert told["client"] == {"a": "b"}


def test_a_function_sees_its_own_settings_and_lambdas_only(
    lambda_client: "LambdaClient",
) -> None:
    told = payload(invoke(lambda_client, {"do": "tell"}))

    environment = told["environment"]
    assert environment["OWN"] == "of the template"
    assert environment["ADDED"] == "by the supervisor"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == OBEDIENT
    assert environment["LAMBDA_TASK_ROOT"] == told["folder"]
    assert environment["TZ"] == ":UTC"
    assert "PYTEST_CURRENT_TEST" not in environment
    assert told["leads its group"]


def _sleeping(name: str, front: FrontProcess, after: int) -> list[int]:
    """Name the processes of a function that have said so since a line of the log."""
    mark = f"{name} | sleeping in "
    return [int(line.removeprefix(mark)) for line in front.lines()[after:] if line.startswith(mark)]


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
