"""Suffering: a fault and a rate of look-ups in, how they went before, during and after it out."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice

from bench.cache import skewed
from bench.cache.faults import Fault, Surroundings
from bench.cache.load import Load
from bench.cache.outcome import Outcome
from bench.cache.read_path import ReadPath, parameters
from bench.cache.slow_proxy import SlowProxy
from bench.cache.stored import SEED, StoredOrders
from devstack.ports import LOCALHOST
from orders.circuit import LONGEST_SECONDS, SHORTEST_SECONDS
from orders.lookup import STORE_SECONDS
from orders.second_level import BUDGET
from tests.servers import CacheServer, temporary_folder

ENTRIES = 10
"""What an environment keeps: little, so that most look-ups come to the second level."""

_AGAIN_SECONDS = 0.2
_SLICE_SECONDS = 0.1
_BURST = 200
"""Look-ups that take longer together than the local Lambda waits before it starts another."""
LONGEST_MS = 1000 * (BUDGET.connect + BUDGET.one + STORE_SECONDS)
"""What the function looks for an order at most: in a second level to be reached first, and in the
store."""


@dataclass(frozen=True)
class Course:
    """How look-ups went."""

    fault: Fault
    seconds: float
    before: Outcome
    during: Outcome
    after: Outcome
    rejected: int
    """Values that one of the environments has found not to be what was put there."""
    recovered_seconds: float
    """From the fault's end until something was found in the second level again."""
    environments: int

    @property
    def most_delayed(self) -> int:
        """Return how many look-ups may have waited in vain: each opened its environment's circuit.

        The others, for which the circuit is open, do not wait.
        """
        each = tries(self.seconds) if self.fault.silences else 1 + self.seconds / SHORTEST_SECONDS
        return int(self.environments * each)

    @property
    def delayed(self) -> int:
        """Return how many look-ups waited longer than a server that works may take to be read."""
        return sum(took > BUDGET.one for took in self.during.second_level_seconds)


def tries(seconds: float) -> int:
    """Return how often a circuit lets somebody try within so many seconds when nothing works."""
    count, at, pause = 0, 0.0, SHORTEST_SECONDS
    while at <= seconds:
        count, at, pause = count + 1, at + pause, min(2 * pause, LONGEST_SECONDS)
    return count


async def suffer(  # noqa: PLR0913 - all that a fault needs
    fault: Fault,
    orders: StoredOrders,
    *,
    database: Mapping[str, str],
    server: CacheServer,
    rate: float,
    seconds: float,
    environments: int,
) -> Course:
    """Run a read path of its own, ask it at a steady rate, and let the fault befall it amid that.

    So many environments are up before. The fault lasts so many seconds; the load goes on until it
    is over and found to be.
    """
    async with SlowProxy(server.port) as proxy:
        surroundings = Surroundings(server, proxy)
        surroundings.run("FLUSHALL")  # what another fault has left
        port = proxy.port if fault.by_network else server.port
        given = parameters(database, f"valkey://{LOCALHOST}:{port}", ENTRIES)
        async with _running(given) as path:
            asking = _Asking(path.url, orders, rate)
            await asking.until_there_are(environments, path)
            before = await asking.for_seconds(seconds / 2)
            disturbed = asyncio.create_task(_disturb(fault, surroundings, seconds))
            during = await asking.for_seconds(seconds)
            await disturbed
            ended = time.perf_counter()
            rejected = await asking.rejected()
            after = await asking.until_found_there()
            recovered_seconds = time.perf_counter() - ended
            asking.close()
            return Course(
                fault=fault,
                seconds=seconds,
                before=before,
                during=during,
                after=after,
                rejected=rejected,
                recovered_seconds=recovered_seconds,
                environments=path.environments(),
            )


class _Asking:
    """Look-ups at one rate of orders that are wanted unequally."""

    def __init__(self, url: str, orders: StoredOrders, rate: float) -> None:
        self._orders = orders
        self._rate = rate
        self._load = Load(url)
        self._paths = map("/order/{}".format, skewed.choices(orders.uids, SEED))

    async def until_there_are(self, environments: int, path: ReadPath) -> None:
        """Ask so much at once that so many environments are started; raises when one is not."""
        while path.environments() < environments:
            answers = await asyncio.gather(*map(self._load.ask, islice(self._paths, _BURST)))
            for answer in answers:
                if answer.status != HTTPStatus.OK:
                    message = f"a look-up is answered {answer.status}: {answer.body[:160]!r}"
                    raise RuntimeError(message)

    async def for_seconds(self, seconds: float) -> Outcome:
        """Ask for so long."""
        outcome = Outcome(self._orders)
        await self._load.run(self._paths, self._rate, seconds, outcome.take)
        return outcome

    async def until_found_there(self) -> Outcome:
        """Ask until something is found in the second level."""
        outcome = Outcome(self._orders)
        end = time.perf_counter() + 2 * LONGEST_SECONDS
        while "HIT-L2" not in outcome.places and time.perf_counter() < end:
            await self._load.run(self._paths, self._rate, _SLICE_SECONDS, outcome.take)
        return outcome

    async def rejected(self) -> int:
        """Return how many values one of the environments has found not to be what was put there."""
        answer = await self._load.ask("/cache/stats")
        return int(json.loads(answer.body)["second_level"]["rejected"])

    def close(self) -> None:
        """Close the connections."""
        self._load.close()


@asynccontextmanager
async def _running(given: Mapping[str, str]) -> AsyncIterator[ReadPath]:
    """Run a read path beside the event loop, on which the proxy works."""
    with temporary_folder() as folder:
        path = ReadPath(folder, given)
        await asyncio.to_thread(path.start)
        try:
            yield path
        finally:
            await asyncio.to_thread(path.stop)


async def _disturb(fault: Fault, it: Surroundings, seconds: float) -> None:
    end = time.perf_counter() + seconds
    await asyncio.to_thread(fault.begin, it)
    try:
        while time.perf_counter() < end:
            await asyncio.to_thread(fault.again, it)
            await asyncio.sleep(_AGAIN_SECONDS)
    finally:
        await asyncio.to_thread(fault.end, it)
