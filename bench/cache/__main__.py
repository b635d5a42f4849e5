"""The second level measured: environments or faults in, what it is good for or what it bears out.

`python -m bench.cache` compares many cold environments with and without a second level;
`python -m bench.cache faults` disturbs it under a read load.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator

import psutil

from bench.cache import stored
from bench.cache.environments import Scale, compare, table
from bench.cache.faults import FAULTS
from bench.cache.suffering import LONGEST_MS, Course, suffer
from devstack.runtime.scaling import Scaling
from tests.servers import running_cache, running_postgres

_FAULT_ORDERS = 300
_HEAD = (
    f"{'':12}{'asked':>7}{'wrong':>7}{'HIT-L2':>8}{'p50 ms':>8}{'p99 ms':>8}{'before':>8}"
    f"{'in it':>8}{'waited':>8}{'most':>6}{'again':>8}"
)
_LEGEND = f"""
asked: look-ups while the fault lasted; wrong: without the right order, before, during and after it.
HIT-L2: found in the second level. p50, p99: from a request's time to its answer; before: the p99
before the fault; in it: the p99 of what the function itself took, {LONGEST_MS:.0f} ms at most.
waited: how many waited for a time-out; most: how many may have. again: after how many seconds it
was used again.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.cache", description=__doc__)
    kinds = parser.add_subparsers(dest="kind")
    parser.add_argument("--environments", type=int, default=50, help="of each kind (default: 50)")
    parser.add_argument("--orders", type=int, default=5000, help="stored (default: 5000)")
    parser.add_argument("--reads", type=int, default=5000, help="a generation (default: 5000)")
    faults = kinds.add_parser("faults", help="disturb it under a read load")
    faults.add_argument("--rate", type=float, default=500, help="a second (default: 500)")
    faults.add_argument("--seconds", type=float, default=10, help="of each fault (default: 10)")
    faults.add_argument("--server", help="a program in Valkey's place, such as redis-server")
    return parser


def _faults(rate: float, seconds: float, program: str | None) -> Iterator[str]:
    with running_postgres() as postgres, running_cache(program) as server:
        database = postgres.settings(postgres.dbname)
        orders = stored.store(database, _FAULT_ORDERS)
        yield f"{rate:g} look-ups/s, each fault for {seconds:g} s; {_load()}\n{_HEAD}"
        for fault in FAULTS:
            suffering = suffer(
                fault,
                orders,
                database=database,
                server=server,
                rate=rate,
                seconds=seconds,
                environments=Scaling().limit,
            )
            yield _line(asyncio.run(suffering))
        yield _LEGEND + _load()


def _line(course: Course) -> str:
    before, during, after = course.before, course.during, course.after
    wrong = before.wrong_count + during.wrong_count + after.wrong_count
    return (
        f"{course.fault.name:12}{during.asked:>7}{wrong:>7}{during.places['HIT-L2']:>8}"
        f"{during.p50_ms:>8.1f}{during.p99_ms:>8.1f}{before.p99_ms:>8.1f}"
        f"{during.function_p99_ms:>8.1f}{course.delayed:>8}{course.most_delayed:>6}"
        f"{course.recovered_seconds:>8.1f}"
    )


def _load() -> str:
    return f"machine: {psutil.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def main() -> int:
    """Measure what is asked for, and print it."""
    chosen = _parser().parse_args()
    if chosen.kind == "faults":
        lines = _faults(chosen.rate, chosen.seconds, chosen.server)
    else:
        scale = Scale(chosen.environments, chosen.orders, chosen.reads)
        lines = iter([f"{table(compare(scale))}\n{_load()}"])
    for line in lines:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
