"""An execution environment on its own; LocalStack's executor runs it on the loop of a thread."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from devstack.runtime.configuration import FunctionConfiguration
from devstack.runtime.environment import ExecutionEnvironment, InitError
from devstack.runtime.invocation import Invocation
from tests.servers import ROOT, wait_until

ECHO = """
import os

def lambda_handler(event, context):
    print("got", event)
    return {"pid": os.getpid(), "event": event}
"""
SLOW_TO_LOAD = "import time\ntime.sleep(60)\n"


def configuration(folder: Path, source: str, **more: Any) -> FunctionConfiguration:  # noqa: ANN401 - its fields
    (folder / "app.py").write_text(source, encoding="utf-8")
    return FunctionConfiguration(
        name="EchoFunction", handler="app.lambda_handler", code=folder, **more
    )


def in_a_thread(main: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - what `main` returns
    outcome: list[Any] = []
    thread = threading.Thread(target=lambda: outcome.append(asyncio.run(main)))
    thread.start()
    thread.join(timeout=20)
    return outcome[0]


def test_an_environment_serves_on_the_loop_of_a_thread(tmp_path: Path) -> None:
    lines: list[str] = []

    async def main() -> list[Any]:
        environment = ExecutionEnvironment(configuration(tmp_path, ECHO), lines.append)
        await environment.start()
        results = [await environment.invoke(Invocation(event=b"[%d]" % n)) for n in range(2)]
        pid = environment.pid
        await environment.stop()
        return [pid, *(json.loads(result.payload) for result in results)]

    pid, first, second = in_a_thread(main())

    assert first == {"pid": pid, "event": [0]}
    assert second == {"pid": pid, "event": [1]}
    assert lines == ["got [0]", "got [1]"]
    assert not psutil.pid_exists(pid)


def test_an_environment_needs_nothing_but_the_standard_library_and_psutil() -> None:
    program = (
        "import sys; before = set(sys.modules); import devstack.runtime.environment; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )

    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert set(printed.split()) - sys.stdlib_module_names == {"devstack", "psutil"}


def test_a_second_invocation_at_a_time_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        environment = ExecutionEnvironment(configuration(tmp_path, ECHO), lambda _: None)
        await environment.start()
        first = environment.invoke(Invocation(event=b"1"))
        with pytest.raises(RuntimeError, match="one invocation at a time"):
            environment.invoke(Invocation(event=b"2"))
        await first
        await environment.stop()

    asyncio.run(main())


def test_a_module_that_loads_too_long_fails_the_start_and_leaves_no_process(
    tmp_path: Path,
) -> None:
    async def main() -> tuple[int, InitError]:
        environment = ExecutionEnvironment(configuration(tmp_path, SLOW_TO_LOAD), lambda _: None)
        with pytest.raises(InitError) as caught:
            await environment.start(limit_seconds=0.5)
        return environment.pid, caught.value

    pid, error = asyncio.run(main())

    assert error.timed_out
    assert json.loads(error.result.payload)["errorType"] == "Sandbox.Timedout"
    assert error.result.failed
    wait_until(lambda: not psutil.pid_exists(pid), "the process to end")


def test_a_start_that_is_cancelled_leaves_no_process(tmp_path: Path) -> None:
    async def main() -> int:
        environment = ExecutionEnvironment(configuration(tmp_path, SLOW_TO_LOAD), lambda _: None)
        start = asyncio.create_task(environment.start())
        await asyncio.sleep(0.3)
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        return environment.pid

    pid = asyncio.run(main())

    assert not psutil.pid_exists(pid)


def test_an_interpreter_that_cannot_be_started_is_an_invalid_entry_point(tmp_path: Path) -> None:
    async def main() -> InitError:
        missing = configuration(tmp_path, ECHO, interpreter=str(tmp_path / "python"))
        environment = ExecutionEnvironment(missing, lambda _: None)
        with pytest.raises(InitError) as caught:
            await environment.start()
        return caught.value

    error = asyncio.run(main())

    assert json.loads(error.result.payload)["errorType"] == "Runtime.InvalidEntrypoint"
