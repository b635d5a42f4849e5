"""One front process for all tests of the Invoke API."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.runtime import front_process
from tests.integration.runtime.front_process import FrontProcess

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

OBEDIENT = """
import os, signal, subprocess, sys, time

print("loading")
calls = 0
hoard = []

def lambda_handler(event, context):
    global calls
    calls += 1
    todo = event.get("do", "return")
    if todo == "raise":
        raise ValueError("no such order")
    if todo == "exit":
        sys.exit(event["status"])
    if todo == "exit at once":
        os._exit(event["status"])
    if todo == "sleep":
        print("sleeping in", os.getpid())
        time.sleep(event["seconds"])
    if todo == "spawn and sleep":
        child = subprocess.Popen(["sleep", "30"])
        print("child", child.pid, flush=True)
        time.sleep(30)
    if todo == "eat":
        for _ in range(event["megabytes"]):
            hoard.append(b"x" * 1024 * 1024)
            time.sleep(0.002)
    if todo == "print":
        print(event["text"])
        print("to stderr", file=sys.stderr)
    if todo == "grow":
        return "x" * event["bytes"]
    if todo == "tell":
        return {
            "remaining": context.get_remaining_time_in_millis(),
            "arn": context.invoked_function_arn,
            "name": context.function_name,
            "memory": context.memory_limit_in_mb,
            "request": context.aws_request_id,
            "client": context.client_context and context.client_context.custom,
            "environment": dict(os.environ),
            "folder": os.getcwd(),
            "leads its group": os.getpgid(0) == os.getpid(),
        }
    return {"pid": os.getpid(), "calls": calls, "event": event}
"""

FUNCTIONS: dict[str, dict[str, Any]] = {
    "ObedientFunction": {
        "Source": OBEDIENT,
        "Timeout": 2,
        "MemorySize": 256,
        "Environment": {"Variables": {"OWN": "of the template"}},
    },
    "LimitedFunction": {"Source": OBEDIENT, "ReservedConcurrentExecutions": 1},
    "OtherFunction": {"Source": OBEDIENT, "Timeout": 10},
    "UnloadableFunction": {"Source": "import no_such_module\n"},
    "MisnamedFunction": {"Source": "def other(event, context): ...\n"},
    "StillbornFunction": {"Source": "import os\nos._exit(4)\n"},
}


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontProcess]:
    folder = tmp_path_factory.mktemp("front")
    running = front_process.start(folder, front_process.write_template(folder, FUNCTIONS))
    try:
        yield running
        assert running.stop() == 0
    finally:
        running.process.kill()
        running.process.wait()


@pytest.fixture
def lambda_client(front: FrontProcess) -> "Iterator[LambdaClient]":
    client = front.client()
    yield client
    client.close()
