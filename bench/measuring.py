"""Measuring invocations: events for a function in; milliseconds, CPU, WAL and log bytes out.

Each round of a series invokes one function for a while, one event after the other; rounds of
several series take turns, so that a slow minute of the machine is nobody's alone.
"""

import json
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import pg8000.native
import psutil

from devstack.estimate.measured import Work
from devstack.runtime.functions import Functions
from devstack.runtime.invocation import Invocation, InvocationResult
from tests.servers import PostgresServer

_LEAST_INVOCATIONS = 3
_DURATION = re.compile(rb"REPORT .*\tDuration: ([\d.]+) ms")


@dataclass
class Series:
    """One kind of invocation, and what all of its rounds came to."""

    function: str
    events: Iterator[bytes]
    records: int = 1
    durations_ms: list[float] = field(default_factory=list)
    totals: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def wall_ms(self) -> float:
        """Return the median duration, as the REPORT lines tell it."""
        return statistics.median(self.durations_ms)

    @property
    def work(self) -> Work:
        """Return what one invocation came to; what it did not compute, it waited."""
        mean = {name: total / len(self.durations_ms) for name, total in self.totals.items()}
        return Work(wait_ms=max(0.0, self.wall_ms - mean["cpu_ms"]), **mean)


class Meters:
    """What the environments and their database have used so far, read before and after a round."""

    def __init__(self, database: pg8000.native.Connection, postmaster: psutil.Process) -> None:
        self.environments: dict[str, psutil.Process] = {}
        self._log_bytes: dict[str, int] = defaultdict(int)
        self._database = database
        self._postmaster = postmaster

    def take_log(self, function: str, line: str) -> None:
        """Count a line that a function wrote."""
        self._log_bytes[function] += len(f"{line}\n".encode())

    def read(self, function: str) -> Mapping[str, float]:
        """Return the totals of a function and of its database."""
        ((wal_bytes,),) = self._database.run("SELECT (pg_current_wal_lsn() - '0/0')::bigint")
        return {
            "cpu_ms": _cpu_ms(self.environments[function]),
            "database_cpu_ms": server_cpu_ms(self._postmaster),
            "wal_bytes": wal_bytes,
            "log_bytes": self._log_bytes[function],
        }


def postmaster(server: PostgresServer) -> psutil.Process:
    """Return the process that all others of a server stem from."""
    pid, *_ = (server.server.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    return psutil.Process(int(pid))


def server_cpu_ms(postmaster: psutil.Process) -> float:
    """Return what a server has computed so far, in processes that live and that have ended."""
    ended = postmaster.cpu_times()
    servers = (postmaster, *postmaster.children())
    return 1000 * (ended.children_user + ended.children_system) + sum(map(_cpu_ms, servers))


async def start(functions: Functions, meters: Meters, function: str) -> None:
    """Start the environment of a function, whose process is the new child of this one."""
    before = set(psutil.Process().children())
    await functions.provision({function})
    (meters.environments[function],) = set(psutil.Process().children()) - before


async def warm_up(functions: Functions, series: Series) -> None:
    """Invoke once: for the connection, statements and caches."""
    await _invoke(functions, series)


async def run_round(functions: Functions, meters: Meters, series: Series, seconds: float) -> None:
    """Invoke for so long, and a few times at least."""
    before = meters.read(series.function)
    end = time.monotonic() + seconds
    invoked = 0
    while invoked < _LEAST_INVOCATIONS or time.monotonic() < end:
        series.durations_ms.append(await _invoke(functions, series))
        invoked += 1
    for name, total in meters.read(series.function).items():
        series.totals[name] += total - before[name]


async def _invoke(functions: Functions, series: Series) -> float:
    """Return how long it took; raises `RuntimeError` when it did not do its work."""
    result = await functions.invoke(series.function, Invocation(event=next(series.events)))
    answer = json.loads(result.payload)
    status = answer.get("statusCode", HTTPStatus.OK)
    if result.failed or answer.get("batchItemFailures") or status >= HTTPStatus.MULTIPLE_CHOICES:
        message = f"{series.function} answered {result.payload[:500]!r}"
        raise RuntimeError(message)
    return duration_ms(result)


def duration_ms(result: InvocationResult) -> float:
    """Return how long it took, as its REPORT line tells it."""
    found = _DURATION.search(result.log_tail)
    if found is None:
        message = f"an invocation ended without a REPORT: {result.log_tail!r}"
        raise RuntimeError(message)
    return float(found[1])


def _cpu_ms(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # a worker of the server, counted among the ended from now on
        return 0.0
    return 1000 * (times.user + times.system)
