"""Runtime executor: LocalStack's invocations of a function in, what its own processes answer out.

A plug-in of LocalStack's, chosen by LAMBDA_RUNTIME_EXECUTOR=devstack and found by entry_points/.
LocalStack makes one for each invocation that runs at the same time; the process in it is the
one of devstack's own runtime. Runs under LocalStack's Python: standard library, psutil, LocalStack.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Coroutine, Mapping
from functools import cache
from typing import Any, TypeVar

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from devstack import layer, leftovers
from devstack.localstack import FUNCTION_PYTHON
from devstack.runtime.configuration import FunctionConfiguration
from devstack.runtime.environment import ExecutionEnvironment
from devstack.runtime.function_log import FunctionLog
from devstack.runtime.invocation import Invocation
from devstack.runtime.pool import FunctionPool
from devstack.runtime.scaling import Scaling

_Result = TypeVar("_Result")
_choosing = threading.Lock()
"""Held while the event loop is asked for: LocalStack's threads must not make two."""


class Plugin(RuntimeExecutorPlugin):  # type: ignore[misc]  # LocalStack has no types for us
    """What LocalStack loads the executor by."""

    name = "devstack"

    def load(self) -> type["DevstackExecutor"]:
        """Return the class (called by LocalStack)."""
        return DevstackExecutor


class DevstackExecutor(RuntimeExecutor):  # type: ignore[misc]
    """One execution environment, which is replaced when it ends."""

    _pool: FunctionPool

    def start(self, env_vars: Mapping[str, object]) -> None:
        """Make ready for the first invocation, which starts the process and is told if it fails."""
        configuration = _configuration(self.function_version, env_vars)
        self._pool = _run(_pool(configuration))

    def stop(self) -> None:
        """End the process."""
        _run(self._pool.close())

    def invoke(self, payload: Mapping[str, str]) -> InvocationResult:
        """Run one invocation; a function error is a result."""
        invocation = Invocation(event=payload["payload"].encode(), request_id=payload["invoke-id"])
        result = _run(self._pool.invoke(invocation))
        return InvocationResult(
            request_id=result.request_id,
            payload=result.payload,
            is_error=result.failed,
            logs=result.log_tail.decode(errors="replace"),
        )

    def get_logs(self) -> str:
        """Return nothing: a start that fails is told to its invocation."""
        return ""

    def get_address(self) -> str:
        """Return where the process is."""
        return _host()

    def get_endpoint_from_executor(self) -> str:
        """Return where the process finds LocalStack; its port is appended."""
        return _host()

    def get_runtime_endpoint(self) -> str:
        """Return nothing: the process has a Runtime API of its own."""
        return ""

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack the code and the layers."""
        for part in (function_version.config, *function_version.config.layers):
            part.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Leave the code: another version may share it."""


def _host() -> str:
    return str(config.GATEWAY_LISTEN[0].host)


def _configuration(
    version: FunctionVersion, variables: Mapping[str, object]
) -> FunctionConfiguration:
    environment = {name: str(value) for name, value in variables.items()}
    return FunctionConfiguration(
        name=version.id.function_name,
        handler=version.config.handler,
        code=version.config.code.get_unzipped_code_location(),
        layers=tuple(
            layer.on_path(each.code.get_unzipped_code_location()) for each in version.config.layers
        ),
        environment={**environment, leftovers.MARK: os.environ[leftovers.MARK]},
        timeout_seconds=version.config.timeout,
        memory_megabytes=version.config.memory_size,
        interpreter=os.environ[FUNCTION_PYTHON],
    )


async def _pool(configuration: FunctionConfiguration) -> FunctionPool:
    name, log = configuration.name, _log()
    return FunctionPool(
        lambda: ExecutionEnvironment(configuration, lambda line: log.write(name, line)),
        configuration.timeout_seconds,
        Scaling(limit=1),
    )


@cache
def _log() -> FunctionLog:
    return FunctionLog(sys.stdout)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Return the event loop that all environments live on, in a thread of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="execution environments", daemon=True).start()
    return loop


def _run(work: Coroutine[Any, Any, _Result]) -> _Result:
    with _choosing:
        loop = _loop()
    return asyncio.run_coroutine_threadsafe(work, loop).result()
