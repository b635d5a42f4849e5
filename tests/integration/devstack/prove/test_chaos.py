"""The chaos layer in real processes that have its folder on their path."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from devstack.prove.arena.chaos import Chaos
from devstack.runtime.configuration import FunctionConfiguration
from devstack.runtime.environment import ExecutionEnvironment
from devstack.runtime.invocation import Invocation, InvocationResult

DAY_SECONDS = 86_400
MEMORY_MEGABYTES = 128

TELL_THE_TIME = """
import json, sys, time
from datetime import datetime

for _ in sys.stdin:
    right = time.clock_gettime(time.CLOCK_REALTIME)
    told = [time.time(), time.time_ns() / 1e9, datetime.now().timestamp()]
    print(json.dumps([one - right for one in told]), flush=True)
"""
SLEEP = """
import time

def lambda_handler(event, context):
    print("sleeping")
    time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run" / "chaos"


@pytest.fixture
def chaos(folder: Path) -> Chaos:
    installed = Chaos(folder)
    installed.install()
    return installed


class Clock:
    """A process that tells by how much its clocks are off: time, time_ns and datetime."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def off(self) -> tuple[int, int, int]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        first, second, third = (round(seconds / 10) * 10 for seconds in told)
        return first, second, third


@pytest.fixture
def clock(chaos: Chaos, folder: Path) -> Iterator[Clock]:
    assert chaos.offset_seconds == 0
    with subprocess.Popen(
        [sys.executable, "-c", TELL_THE_TIME],
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Clock(process)


def test_the_clock_of_a_running_process_jumps_there_and_back(chaos: Chaos, clock: Clock) -> None:
    assert clock.off() == (0, 0, 0)

    chaos.jump_clock(2 * DAY_SECONDS)
    assert clock.off() == (2 * DAY_SECONDS, 2 * DAY_SECONDS, 0)
    assert chaos.offset_seconds == 2 * DAY_SECONDS

    chaos.jump_clock(-90)
    assert clock.off() == (-90, -90, 0)

    chaos.install()
    assert clock.off() == (0, 0, 0)


def test_an_execution_environment_that_runs_out_of_memory_is_ended(
    chaos: Chaos, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(SLEEP)
    configuration = FunctionConfiguration(
        name="SleepFunction",
        handler="app.lambda_handler",
        code=tmp_path,
        layers=(folder,),
        timeout_seconds=30,
        memory_megabytes=MEMORY_MEGABYTES,
    )

    async def exhausted() -> InvocationResult:
        sleeping = asyncio.Event()
        environment = ExecutionEnvironment(configuration, lambda _: sleeping.set())
        await environment.start()
        answer = environment.invoke(Invocation(event=b"{}"))
        await sleeping.wait()
        chaos.exhaust_memory(psutil.Process(environment.pid))
        result = await answer
        await environment.stop()
        return result

    result = asyncio.run(exhausted())

    assert result.failed
    assert json.loads(result.payload)["errorType"] == "Runtime.OutOfMemory"
