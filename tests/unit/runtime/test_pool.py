"""A pool serves with as few environments as it can, and no more than it may."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

import pytest

from devstack.runtime.environment import InitError
from devstack.runtime.invocation import Invocation, InvocationResult
from devstack.runtime.pool import FunctionPool
from devstack.runtime.running import EnvironmentEndedError
from devstack.runtime.scaling import Scaling, ThrottledError

EVENT = Invocation(event=b"{}")


class FakeEnvironment:
    """Hand-written stand-in: serves when the test says so, ends when the test says so."""

    def __init__(self, failures: list[InitError]) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answers: list[asyncio.Future[InvocationResult]] = []
        self.limit_seconds = 0.0
        self.stopped = False
        self.up = False
        self._failures = failures

    async def start(self, limit_seconds: float = 10) -> None:
        self.limit_seconds = limit_seconds
        await asyncio.sleep(0)
        if self._failures:
            raise self._failures.pop(0)
        self.up = True

    def invoke(self, invocation: Invocation) -> asyncio.Future[InvocationResult]:
        del invocation
        answer: asyncio.Future[InvocationResult] = asyncio.get_running_loop().create_future()
        if self.ended.done():
            answer.set_exception(EnvironmentEndedError())
        self.answers.append(answer)
        return answer

    def serve(self) -> None:
        self.answers[-1].set_result(InvocationResult("id", b"served"))

    def end(self) -> None:
        self.ended.set_result(None)

    async def stop(self) -> None:
        self.stopped = True
        if not self.ended.done():
            self.end()


class Bench:
    """A pool over fakes, and the fakes it has made."""

    def __init__(self, scaling: Scaling, failures: list[InitError] | None = None) -> None:
        self.made: list[FakeEnvironment] = []
        self.failures = failures or []
        self.starts_beside_environments_up: list[tuple[int, int]] = []
        self.pool = FunctionPool(self._make, 3, scaling)

    def _make(self) -> FakeEnvironment:
        self.made.append(FakeEnvironment(self.failures))
        starting = [each for each in self.made if not each.up]
        self.starts_beside_environments_up.append((len(starting), len(self.made) - len(starting)))
        return self.made[-1]

    def invoke(self) -> asyncio.Task[InvocationResult]:
        return asyncio.ensure_future(self.pool.invoke(EVENT))

    async def busy(self, count: int) -> None:
        """Wait until that many environments have an invocation."""
        await until(lambda: sum(bool(each.answers) for each in self.made) >= count)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not holds():  # noqa: ASYNC110 - the pool has no event for its inner state
            await asyncio.sleep(0.001)


def run(test: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(test())


async def served(*invocations: Awaitable[InvocationResult]) -> list[bytes]:
    async with asyncio.timeout(2):
        return [result.payload for result in await asyncio.gather(*invocations)]


def failed_start(*, timed_out: bool = False) -> InitError:
    return InitError(InvocationResult("id", b"no start", failed=True), timed_out=timed_out)


def test_an_idle_environment_is_used_again() -> None:
    async def test() -> None:
        bench = Bench(Scaling())

        for _ in range(3):
            invocation = bench.invoke()
            await bench.busy(1)
            await asyncio.sleep(0)
            bench.made[0].serve()
            assert await served(invocation) == [b"served"]

        assert len(bench.made) == 1
        await bench.pool.close()
        assert bench.made[0].stopped

    run(test)


def test_a_short_wait_is_better_than_another_process() -> None:
    async def test() -> None:
        bench = Bench(Scaling(patience_seconds=5))
        first = bench.invoke()
        await bench.busy(1)

        second = bench.invoke()
        await asyncio.sleep(0.01)
        bench.made[0].serve()
        await served(first)
        bench.made[0].serve()

        assert await served(second) == [b"served"]
        assert len(bench.made) == 1
        await bench.pool.close()

    run(test)


def test_after_its_patience_an_invocation_gets_a_process_of_its_own() -> None:
    async def test() -> None:
        bench = Bench(Scaling(patience_seconds=0.001))
        both = [bench.invoke(), bench.invoke()]

        await bench.busy(2)

        for environment in bench.made:
            environment.serve()
        assert await served(*both) == [b"served", b"served"]
        await bench.pool.close()

    run(test)


def test_a_crowd_doubles_the_environments_step_by_step() -> None:
    async def test() -> None:
        bench = Bench(Scaling(limit=6, patience_seconds=0.001))

        crowd = [bench.invoke() for _ in range(6)]
        await bench.busy(6)

        assert bench.starts_beside_environments_up == [
            (1, 0),
            (1, 1),
            (1, 2),
            (2, 2),
            (1, 4),
            (2, 4),
        ]
        for environment in bench.made:
            environment.serve()
        assert await served(*crowd) == [b"served"] * 6
        await bench.pool.close()

    run(test)


def test_beyond_a_reserved_concurrency_is_throttled_at_once() -> None:
    async def test() -> None:
        bench = Bench(Scaling.of(1))
        first = bench.invoke()
        await bench.busy(1)

        with pytest.raises(ThrottledError) as caught:
            await bench.pool.invoke(EVENT)

        assert caught.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
        bench.made[0].serve()
        await served(first)
        await bench.pool.close()

    run(test)


def test_a_reserved_concurrency_of_zero_switches_a_function_off() -> None:
    async def test() -> None:
        bench = Bench(Scaling.of(0))

        with pytest.raises(ThrottledError):
            await bench.pool.invoke(EVENT)

        assert bench.made == []
        await bench.pool.close()

    run(test)


def test_without_a_reserved_concurrency_an_invocation_waits_before_it_is_throttled() -> None:
    async def test() -> None:
        bench = Bench(Scaling(limit=1, patience_seconds=0, wait_seconds=0.05))
        first = bench.invoke()
        await bench.busy(1)

        with pytest.raises(ThrottledError) as caught:
            await bench.pool.invoke(EVENT)

        assert caught.value.reason == "ConcurrentInvocationLimitExceeded"
        bench.made[0].serve()
        assert await served(first) == [b"served"]
        assert len(bench.made) == 1
        await bench.pool.close()

    run(test)


def test_a_failing_start_is_the_answer_and_the_next_invocation_starts_anew() -> None:
    async def test() -> None:
        bench = Bench(Scaling(), [failed_start()])

        assert await served(bench.invoke()) == [b"no start"]
        second = bench.invoke()
        await bench.busy(1)
        bench.made[1].serve()

        assert await served(second) == [b"served"]
        await bench.pool.close()

    run(test)


def test_every_waiting_invocation_learns_of_failing_starts() -> None:
    async def test() -> None:
        bench = Bench(Scaling(limit=2), [failed_start() for _ in range(5)])

        answers = await served(*(bench.invoke() for _ in range(5)))

        assert answers == [b"no start"] * 5
        assert bench.pool.size == 0
        await bench.pool.close()

    run(test)


def test_a_start_that_took_too_long_is_tried_again_within_the_functions_time_out() -> None:
    async def test() -> None:
        bench = Bench(Scaling(), [failed_start(timed_out=True)])

        invocation = bench.invoke()
        await bench.busy(1)
        bench.made[1].serve()

        assert await served(invocation) == [b"served"]
        assert [each.limit_seconds for each in bench.made] == [10, 3]
        await bench.pool.close()

    run(test)


def test_an_invocation_that_was_never_taken_is_given_to_another_environment() -> None:
    async def test() -> None:
        bench = Bench(Scaling())
        await bench.pool.provision()
        invocation = bench.invoke()
        bench.made[0].end()  # before the invocation has reached it
        await bench.busy(2)
        bench.made[1].serve()

        assert await served(invocation) == [b"served"]
        await bench.pool.close()

    run(test)


def test_an_ended_environment_is_forgotten() -> None:
    async def test() -> None:
        bench = Bench(Scaling())
        await bench.pool.provision()

        bench.made[0].end()
        await asyncio.sleep(0)

        assert bench.pool.size == 0
        await bench.pool.close()

    run(test)


def test_a_caller_that_goes_away_leaves_its_environment_busy_until_it_has_answered() -> None:
    async def test() -> None:
        bench = Bench(Scaling(patience_seconds=0))
        first = bench.invoke()
        await bench.busy(1)

        first.cancel()
        second = bench.invoke()
        await bench.busy(2)

        assert len(bench.made) == 2
        for environment in bench.made:
            environment.serve()
        assert await served(second) == [b"served"]
        await bench.pool.close()

    run(test)


def test_idle_environments_are_ended_down_to_one() -> None:
    async def test() -> None:
        bench = Bench(Scaling(patience_seconds=0, idle_seconds=0.02))
        both = [bench.invoke(), bench.invoke()]
        await bench.busy(2)
        for environment in bench.made:
            environment.serve()
        await served(*both)

        await until(lambda: bench.pool.size == 1)
        await asyncio.sleep(0.05)

        assert sorted(each.stopped for each in bench.made) == [False, True]
        await bench.pool.close()

    run(test)
