"""Many cold environments: stored orders in, what looking them up asks of PostgreSQL out.

Two times as many environments as are asked for run side by side, one half with the second level and
one without, each half on a PostgreSQL of its own that holds the same orders. They are started in
turn and asked for the same orders in turn, so that a slow minute of the machine is nobody's alone.
Then all of them end, as a deployment ends them, and a second generation does the same again.
"""

import asyncio
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

import psutil

from bench.cache import skewed, stored
from bench.cache.read_path import LOOK_UP, look_up, parameters
from bench.measuring import duration_ms, postmaster, server_cpu_ms
from devstack import template
from devstack.runtime.functions import Functions
from devstack.runtime.invocation import Invocation, InvocationResult
from devstack.stack import TEMPLATE
from devstack.waiting import until
from tests.servers import PostgresServer, running_cache, running_postgres

ENTRIES = 1000
"""What an environment keeps, as template.yaml has it."""
_COUNTERS = """
SELECT sessions, xact_commit + xact_rollback, tup_fetched FROM pg_stat_database
WHERE datname = :name AND numbackends = 0
"""
_SECONDS_TO_END = 20
_WHOLE = 10
"""Figures from this one on are shown without decimals."""
_COUNTED = ("connections", "transactions", "rows, the catalogue's too", "CPU ms")


@dataclass(frozen=True)
class Scale:
    """How many of everything."""

    environments: int
    orders: int
    reads: int
    """Of each generation, beside the first one of each environment."""


@dataclass
class Generation:
    """What the environments of one kind came to, from their start to their end."""

    first_answers_ms: list[float] = field(default_factory=list)
    """From the start of an environment's process to the answer of its first request."""
    reads_ms: list[float] = field(default_factory=list)
    places: Counter[str] = field(default_factory=Counter)
    """X-Cache → how many answers said so."""
    database: Mapping[str, float] = field(default_factory=dict)


class Kind:
    """Environments that differ from others in whether they have a second level."""

    def __init__(self, server: PostgresServer, orders: int, cache_url: str) -> None:
        settings = server.settings(server.dbname)
        self.uids = stored.store(settings, orders).uids
        self._server = server
        described = template.read(TEMPLATE, parameters(settings, cache_url, ENTRIES))
        self._described = {LOOK_UP: described.functions[LOOK_UP]}
        self._environments: list[Functions] = []
        self._before = self._counters()
        self.generation = Generation()

    async def start(self, uid: str) -> None:
        """Start one more environment, and ask it for an order."""
        environment = Functions.of(self._described, {}, lambda _name, _line: None)
        self._environments.append(environment)
        began = time.perf_counter()
        await environment.provision({LOOK_UP})
        result = await environment.invoke(LOOK_UP, Invocation(event=look_up(uid)))
        self.generation.first_answers_ms.append(1000 * (time.perf_counter() - began))
        self._note(result)

    async def ask(self, number: int, uid: str) -> None:
        """Ask one of the environments for an order."""
        environment = self._environments[number]
        result = await environment.invoke(LOOK_UP, Invocation(event=look_up(uid)))
        self.generation.reads_ms.append(duration_ms(result))
        self._note(result)

    async def end(self) -> Generation:
        """End every environment; return what they came to."""
        await asyncio.gather(*(environment.close() for environment in self._environments))
        self._environments.clear()
        ended, self.generation = self.generation, Generation()
        before, self._before = self._before, self._counters()
        ended.database = {name: self._before[name] - before[name] for name in _COUNTED}
        return ended

    def _note(self, result: InvocationResult) -> None:
        answer = json.loads(result.payload)
        if result.failed or answer["statusCode"] != 200:  # noqa: PLR2004 - OK
            message = f"a look-up was answered {result.payload[:500]!r}"
            raise RuntimeError(message)
        headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
        place = headers["X-Cache"]
        self.generation.places["HIT-L1" if place == "HIT" else place] += 1

    def _counters(self) -> Mapping[str, float]:
        """Wait until every connection has ended: only then all that it did has been counted."""
        name = self._server.dbname
        with closing(self._server.server.administrator()) as administrator:
            ((sessions, transactions, rows),) = until(
                lambda: administrator.run(_COUNTERS, name=name), _SECONDS_TO_END
            )
        cpu_ms = server_cpu_ms(postmaster(self._server))
        return dict(zip(_COUNTED, (sessions, transactions, rows, cpu_ms), strict=True))


@dataclass(frozen=True)
class Comparison:
    """The same generation without and with a second level."""

    without: Generation
    with_it: Generation
    memory_mb: float
    """What one environment took, at the median."""


def compare(scale: Scale) -> list[Comparison]:
    """Run both generations."""
    with running_postgres() as one, running_postgres() as other, running_cache() as cache:
        return asyncio.run(_compare(scale, one, other, cache.url))


async def _compare(
    scale: Scale, one: PostgresServer, other: PostgresServer, url: str
) -> list[Comparison]:
    kinds = Kind(one, scale.orders, ""), Kind(other, scale.orders, url)
    wanted = skewed.choices(kinds[0].uids, seed=stored.SEED)
    return [await _generation(scale, kinds, wanted) for _ in range(2)]


async def _generation(scale: Scale, kinds: tuple[Kind, Kind], wanted: Iterator[str]) -> Comparison:
    draw = random.Random(stored.SEED)  # noqa: S311 - repeatable, guards nothing
    for uid in islice(wanted, scale.environments):
        for kind in draw.sample(kinds, 2):
            await kind.start(uid)
    for uid in islice(wanted, scale.reads):
        number = draw.randrange(scale.environments)
        for kind in draw.sample(kinds, 2):
            await kind.ask(number, uid)
    memory_mb = statistics.median(map(_memory_mb, psutil.Process().children()))
    without, with_it = [await kind.end() for kind in kinds]
    return Comparison(without, with_it, memory_mb)


def _memory_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def table(comparisons: Sequence[Comparison]) -> str:
    """Show them, a line a figure."""
    names = ("first generation: the second level is empty", "second generation: it is not")
    return "\n\n".join(
        "\n".join((f"{name:46}{'without':>10}{'with':>10}{'ratio':>8}", *_lines(comparison)))
        for name, comparison in zip(names, comparisons, strict=True)
    )


def _lines(comparison: Comparison) -> Iterator[str]:
    without, with_it = comparison.without, comparison.with_it
    for place in sorted(without.places.keys() | with_it.places.keys()):
        yield f"  {place:44}{_share(without, place):>10}{_share(with_it, place):>10}"
    for name in _COUNTED:
        yield _line(f"PostgreSQL: {name}", without.database[name], with_it.database[name])
    for name, figure in _FIGURES.items():
        yield _line(name, figure(without), figure(with_it))
    yield f"  {'an environment takes, MB':44}{comparison.memory_mb:>10.0f}"


def _share(generation: Generation, place: str) -> str:
    return f"{generation.places[place] / generation.places.total():.1%}"


def _line(name: str, without: float, with_it: float) -> str:
    digits = 0 if without >= _WHOLE else 2
    return f"  {name:44}{without:>10,.{digits}f}{with_it:>10,.{digits}f}{with_it / without:>8.2f}"


def _p99(figures: Sequence[float]) -> float:
    return statistics.quantiles(figures, n=100)[-1]


_FIGURES: Mapping[str, Callable[[Generation], float]] = {
    "start to first answer, median ms": lambda one: statistics.median(one.first_answers_ms),
    "a read, p50 ms": lambda one: statistics.median(one.reads_ms),
    "a read, p99 ms": lambda one: _p99(one.reads_ms),
}
