"""Execution environments: invocations in, results of one real process out.

Invariant: one invocation at a time; a time-out, a crash or too much memory ends this process only,
and the caller gets what AWS would answer. An environment that has ended never serves again.
Standard library and psutil only: LocalStack's executor imports it from another Python.
"""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from uuid import uuid4

from devstack.runtime import invocation as failures
from devstack.runtime.configuration import FunctionConfiguration
from devstack.runtime.invocation import Failure, Invocation, InvocationResult
from devstack.runtime.logs import LogPipe
from devstack.runtime.process import RuntimeProcess
from devstack.runtime.running import EnvironmentEndedError, RunningInvocation
from devstack.runtime.runtime_api import RuntimeConnection

INIT_LIMIT_SECONDS = (
    10  # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
)
_MEMORY_CHECK_SECONDS = 0.05


class InitError(Exception):
    """The environment did not come up; `result` is what the waiting invocation is answered."""

    def __init__(self, result: InvocationResult, *, timed_out: bool = False) -> None:
        super().__init__(result.payload.decode(errors="replace"))
        self.result = result
        self.timed_out = timed_out


class ExecutionEnvironment:
    """One process of a function: `start`, any number of `invoke` one after the other, `stop`."""

    _process: RuntimeProcess
    _logs: LogPipe
    _server: asyncio.Server

    def __init__(self, configuration: FunctionConfiguration, log: Callable[[str], None]) -> None:
        self._configuration = configuration
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        # Holds `next` open while the process is free.
        self._runtime: RuntimeConnection | None = None
        self._running: RunningInvocation | None = None
        self._memory_checked = 0.0
        self._init_note = ""
        self._initialisation_id = str(uuid4())  # stands for a request id while there is none

    @property
    def ended(self) -> asyncio.Future[None]:
        """Done as soon as the environment can serve no more."""
        return self._ended

    @property
    def pid(self) -> int:
        """The process of the runtime."""
        return self._process.pid

    async def start(self, limit_seconds: float = INIT_LIMIT_SECONDS) -> None:
        """Start the process and wait until it asks for its first event.

        Raises `InitError` when the module does not load, the process ends, or the time is up.
        """
        began = time.perf_counter()
        self._logs = LogPipe(self._log)
        self._server = await self._loop.create_server(
            lambda: RuntimeConnection(self), "127.0.0.1", 0
        )
        address = "{}:{}".format(*self._server.sockets[0].getsockname())
        try:
            self._process = await RuntimeProcess.start(
                self._configuration, address, self._logs.writer
            )
        except OSError as error:
            raise self._not_started(error) from error
        finally:
            self._logs.close_writer()
        self._watcher = self._loop.create_task(self._watch())
        await self._initialised(limit_seconds)
        self._init_note = f"\tInit Duration: {1000 * (time.perf_counter() - began):.2f} ms"

    def invoke(self, invocation: Invocation) -> asyncio.Future[InvocationResult]:
        """Hand an invocation to the process; the future is done when the process is free again.

        A function error is a result. The future raises `EnvironmentEndedError` when the process
        had ended before it took the event. Cancel a shield of it, not the future itself.
        """
        if self._running is not None:
            message = "an execution environment serves one invocation at a time"
            raise RuntimeError(message)
        seconds = self._configuration.timeout_seconds
        self._running = RunningInvocation(invocation, seconds)
        self._running.call_later("time out", seconds, self._time_out)
        self._running.call_later("memory", _MEMORY_CHECK_SECONDS, self._check_memory)
        answer = self._running.answer
        if self._ended.done():
            self._never_delivered()
        elif self._runtime is not None:
            self._deliver(self._runtime)
        return answer

    async def stop(self) -> None:
        """End the process: TERM, then KILL after a second."""
        self._end()
        await self._process.stop()
        await self._watcher

    # What the Runtime API reports.

    def next_requested(self, runtime: RuntimeConnection) -> None:
        """Give the free process the invocation that waits, or remember that it is free."""
        self._runtime = runtime
        if not self._ready.done():
            self._ready.set_result(None)
        elif self._running is not None:
            self._deliver(runtime)

    def response_posted(self, request_id: str, payload: bytes) -> HTTPStatus:
        """Answer with what the handler returned, up to 6 MB; the runtime does not survive more."""
        if not self._is_running(request_id):
            return HTTPStatus.BAD_REQUEST
        if len(payload) > failures.MAX_RESPONSE_BYTES:
            self._fail(failures.response_too_large())
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        self._answer(payload)
        return HTTPStatus.ACCEPTED

    def error_posted(self, request_id: str, payload: bytes) -> HTTPStatus:
        """Answer with the error object of the runtime; the process lives on."""
        if not self._is_running(request_id):
            return HTTPStatus.BAD_REQUEST
        self._answer(payload, failed=True)
        return HTTPStatus.ACCEPTED

    def init_error_posted(self, payload: bytes) -> HTTPStatus:
        """Fail the start with the error object of the runtime."""
        self._logs.drain()
        self._fail_start(payload)
        return HTTPStatus.ACCEPTED

    # An invocation's way.

    def _deliver(self, runtime: RuntimeConnection) -> None:
        running = self._current()
        running.delivered = True
        self._runtime = None
        self._logs.write(f"START RequestId: {running.request_id} Version: $LATEST")
        runtime.send_event(running.headers(self._configuration.arn), running.invocation.event)

    def _answer(self, payload: bytes, *, failed: bool = False, note: str = "") -> None:
        running = self._take()
        self._logs.drain()
        # Reading the process's memory costs a tenth of a short invocation: once a second is enough.
        if time.monotonic() - self._memory_checked > 1:
            self._measure()
        self._logs.write(f"END RequestId: {running.request_id}")
        self._logs.write(running.report() + self._memory_report() + self._init_note + note)
        self._init_note = ""
        tail = self._logs.take_tail()
        running.answer.set_result(InvocationResult(running.request_id, payload, failed, tail))

    def _memory_report(self) -> str:
        limit, peak = self._configuration.memory_megabytes, self._process.peak_megabytes
        return f"\tMemory Size: {limit} MB\tMax Memory Used: {peak} MB"

    def _fail(self, failure: Failure) -> None:
        """Answer in the process's place, and end it."""
        self._end()
        self._process.kill()
        self._logs.drain()
        self._logs.report(failure)
        self._answer(failure.payload, failed=True, note=failure.report_note)

    def _never_delivered(self) -> None:
        self._take().answer.set_exception(EnvironmentEndedError())

    def _current(self) -> RunningInvocation:
        assert self._running is not None  # noqa: S101 - callers have made sure
        return self._running

    def _take(self) -> RunningInvocation:
        running = self._current()
        running.stop_timers()
        self._running = None
        return running

    def _is_running(self, request_id: str) -> bool:
        return self._running is not None and self._running.request_id == request_id

    # What can go wrong.

    def _time_out(self) -> None:
        seconds = self._configuration.timeout_seconds
        self._fail(failures.timed_out(self._current().request_id, seconds))

    def _check_memory(self) -> None:
        running = self._current()
        if self._measure() > self._configuration.memory_megabytes:
            self._fail(failures.out_of_memory(running.request_id))
            return
        running.call_later("memory", _MEMORY_CHECK_SECONDS, self._check_memory)

    def _measure(self) -> int:
        self._memory_checked = time.monotonic()
        return self._process.resident_megabytes()

    async def _watch(self) -> None:
        status = await self._process.wait()
        self._process.kill()  # what it may have started
        self._logs.drain()
        if self._running is not None:
            self._exited_while_running(status)
        elif not self._ready.done():
            failure = failures.exited(self._initialisation_id, status)
            self._logs.report(failure)
            self._fail_start(failure.payload)
        elif not self._ended.done():
            self._log(failures.exit_reason(status))
        self._end()
        self._logs.close()

    def _exited_while_running(self, status: int) -> None:
        running = self._current()
        if running.delivered:
            self._fail(failures.exited(running.request_id, status))
        else:
            self._log(failures.exit_reason(status))
            self._end()
            self._never_delivered()

    async def _initialised(self, limit_seconds: float) -> None:
        try:
            async with asyncio.timeout(limit_seconds):
                await self._ready
        except BaseException as error:
            self._end()
            self._process.kill()
            await self._watcher
            if isinstance(error, TimeoutError):
                raise self._start_timed_out(limit_seconds) from None
            raise

    def _not_started(self, error: OSError) -> InitError:
        message = f"RequestId: {self._initialisation_id} Error: {error}"
        failure = Failure("Runtime.InvalidEntrypoint", message)
        self._logs.report(failure)
        self._end()
        self._logs.close()
        return InitError(self._start_result(failure.payload))

    def _start_timed_out(self, limit_seconds: float) -> InitError:
        failure = failures.timed_out(self._initialisation_id, limit_seconds)
        self._logs.report(failure)
        return InitError(self._start_result(failure.payload), timed_out=True)

    def _fail_start(self, payload: bytes) -> None:
        if not self._ready.done():
            self._ready.set_exception(InitError(self._start_result(payload)))

    def _start_result(self, payload: bytes) -> InvocationResult:
        tail = self._logs.take_tail()
        return InvocationResult(self._initialisation_id, payload, failed=True, log_tail=tail)

    def _end(self) -> None:
        if not self._ended.done():
            self._server.close()
            self._ended.set_result(None)
