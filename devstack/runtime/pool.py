"""Function pools: invocations of one function in, results from as few environments as serve them.

Invariant: an environment is idle, busy or starting, and in this pool exactly once; all of them
together never outnumber the limit.
"""

import asyncio
import functools
from collections import deque
from collections.abc import Callable
from typing import Protocol

from devstack.runtime.environment import InitError
from devstack.runtime.invocation import Invocation, InvocationResult
from devstack.runtime.running import EnvironmentEndedError
from devstack.runtime.scaling import ALL, RESERVED, Scaling, ThrottledError


class Environment(Protocol):
    """What a pool asks of an execution environment."""

    @property
    def ended(self) -> asyncio.Future[None]:
        """Done as soon as the environment can serve no more."""

    async def start(self, limit_seconds: float = ...) -> None:
        """Come up within the limit, or raise `InitError`."""

    def invoke(self, invocation: Invocation) -> asyncio.Future[InvocationResult]:
        """Run one invocation."""

    async def stop(self) -> None:
        """End."""


_Waiter = asyncio.Future[Environment]


class FunctionPool:
    """All execution environments of one function."""

    def __init__(
        self, make: Callable[[], Environment], timeout_seconds: float, scaling: Scaling
    ) -> None:
        """Take what makes an environment (not started), and the function's time-out."""
        self._make = make
        self._timeout_seconds = timeout_seconds
        self._scaling = scaling
        self._loop = asyncio.get_running_loop()
        self._environments: set[Environment] = set()
        self._idle: list[Environment] = []  # the most recently used last
        self._idle_since: dict[Environment, float] = {}
        self._waiters: deque[_Waiter] = deque()
        self._impatient: set[_Waiter] = set()
        self._starts: set[asyncio.Task[Environment]] = set()
        self._in_flight = 0
        self._shrink_timer = self._loop.call_later(self._scaling.idle_seconds / 10, self._shrink)
        self._stops: set[asyncio.Task[None]] = set()

    @property
    def size(self) -> int:
        """Environments that are up or starting."""
        return len(self._environments) + len(self._starts)

    async def invoke(self, invocation: Invocation) -> InvocationResult:
        """Run an invocation in an idle environment, or in a new one.

        A function error, also one of a start, is a result. Raises `ThrottledError`.
        """
        scaling = self._scaling
        if scaling.limit == 0 or (scaling.reserved and self._in_flight >= scaling.limit):
            raise ThrottledError(RESERVED)
        self._in_flight += 1
        try:
            return await self._invoke(invocation)
        finally:
            self._in_flight -= 1

    async def provision(self) -> None:
        """Have one environment up before it is needed; a failing start is only logged."""
        if not self.size:
            self._start_one()
            await asyncio.wait(self._starts)

    async def close(self) -> None:
        """End all environments; what still runs is answered as a crash, what waits as throttled."""
        self._shrink_timer.cancel()
        for start in self._starts:
            start.cancel()
        await asyncio.gather(*self._starts, return_exceptions=True)
        while (waiter := self._next_waiter()) is not None:
            waiter.set_exception(ThrottledError(ALL))
        environments = tuple(self._environments)
        await asyncio.gather(*(each.stop() for each in environments), *self._stops)

    async def _invoke(self, invocation: Invocation) -> InvocationResult:
        while True:
            try:
                environment = self._idle.pop() if self._idle else await self._wait()
                answer = environment.invoke(invocation)
                # Not cancelled with its caller: the process is busy until it has answered.
                answer.add_done_callback(functools.partial(self._release, environment))
                return await asyncio.shield(answer)
            except InitError as error:
                return error.result
            except EnvironmentEndedError:
                continue

    async def _wait(self) -> Environment:
        waiter: _Waiter = self._loop.create_future()
        self._waiters.append(waiter)
        patience = self._scaling.patience_seconds if self._environments else 0
        impatience = self._loop.call_later(patience, self._lose_patience, waiter)
        try:
            while not waiter.done():
                await asyncio.wait({waiter}, timeout=self._scaling.wait_seconds)
                if not waiter.done() and not self._starts:
                    raise ThrottledError(ALL)
            return waiter.result()
        except asyncio.CancelledError:
            self._give_back(waiter)
            raise
        finally:
            impatience.cancel()
            waiter.cancel()
            self._impatient.discard(waiter)

    def _lose_patience(self, waiter: _Waiter) -> None:
        self._impatient.add(waiter)
        self._grow()

    def _grow(self) -> None:
        """Start an environment for every impatient waiter, but no more at a time than are up.

        So a moment in which the whole machine stood still starts one process and not ten.
        """
        waiting = sum(not waiter.done() for waiter in self._impatient)
        at_a_time = min(waiting, max(1, len(self._environments)))
        while len(self._starts) < at_a_time and self.size < self._scaling.limit:
            self._start_one()

    def _start_one(self) -> None:
        start = self._loop.create_task(self._start())
        self._starts.add(start)
        start.add_done_callback(self._started)

    async def _start(self) -> Environment:
        environment = self._make()
        try:
            await environment.start()
        except InitError as error:
            if not error.timed_out:
                raise
            # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: an init
            # phase over 10 s is tried again within the function's own time-out.
            environment = self._make()
            await environment.start(self._timeout_seconds)
        return environment

    def _started(self, start: asyncio.Task[Environment]) -> None:
        self._starts.discard(start)
        if start.cancelled():
            return
        error = start.exception()
        if error is None:
            environment = start.result()
            self._environments.add(environment)
            environment.ended.add_done_callback(functools.partial(self._forget, environment))
            self._offer(environment)
        elif (waiter := self._next_waiter()) is not None:
            waiter.set_exception(error)
        self._grow()

    def _release(self, environment: Environment, _: object) -> None:
        if not environment.ended.done():
            self._offer(environment)

    def _offer(self, environment: Environment) -> None:
        if (waiter := self._next_waiter()) is not None:
            waiter.set_result(environment)
        else:
            self._idle.append(environment)
            self._idle_since[environment] = self._loop.time()

    def _give_back(self, waiter: _Waiter) -> None:
        if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            self._offer(waiter.result())

    def _next_waiter(self) -> _Waiter | None:
        while self._waiters:
            if not (waiter := self._waiters.popleft()).done():
                return waiter
        return None

    def _forget(self, environment: Environment, _: object) -> None:
        self._environments.discard(environment)
        self._idle_since.pop(environment, None)
        if environment in self._idle:
            self._idle.remove(environment)
        self._grow()

    def _shrink(self) -> None:
        """End what has been idle for long, the last environment excepted."""
        self._shrink_timer = self._loop.call_later(self._scaling.idle_seconds / 10, self._shrink)
        longest_ago = self._loop.time() - self._scaling.idle_seconds
        for environment in self._idle[:-1]:
            if self._idle_since[environment] < longest_ago:
                stop = self._loop.create_task(environment.stop())
                self._stops.add(stop)
                stop.add_done_callback(self._stops.discard)
