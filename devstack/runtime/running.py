"""A running invocation: what a process is given in, how long it has taken out."""

import asyncio
import time
from collections.abc import Callable

from devstack.runtime.invocation import Invocation, InvocationResult


class EnvironmentEndedError(Exception):
    """The environment ended before it took the invocation: another one may serve it."""


class RunningInvocation:
    """An invocation from its arrival at an environment to its answer; made on the event loop."""

    def __init__(self, invocation: Invocation, timeout_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self.invocation = invocation
        self.request_id = invocation.request_id
        self.answer: asyncio.Future[InvocationResult] = self._loop.create_future()
        self.delivered = False
        """True as soon as the process has been given the event."""
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._started = time.perf_counter()
        self._deadline_ms = int((time.time() + timeout_seconds) * 1000)

    def call_later(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        """Set the timer of this name."""
        self._timers[name] = self._loop.call_later(seconds, action)

    def stop_timers(self) -> None:
        """Call nothing any more."""
        for timer in self._timers.values():
            timer.cancel()

    def headers(self, arn: str) -> str:
        """Write the headers that go with the event.

        https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-next
        """
        context = self.invocation.client_context
        return (
            f"Lambda-Runtime-Aws-Request-Id: {self.request_id}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {self._deadline_ms}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {arn}\r\n"
        ) + (f"Lambda-Runtime-Client-Context: {context}\r\n" if context else "")

    def report(self) -> str:
        """Begin the REPORT line: request id and durations."""
        milliseconds = 1000 * (time.perf_counter() - self._started)
        return (
            f"REPORT RequestId: {self.request_id}\tDuration: {milliseconds:.2f} ms"
            f"\tBilled Duration: {int(milliseconds) + 1} ms"
        )
