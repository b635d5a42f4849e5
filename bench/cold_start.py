"""Cold starts: an earlier revision in, what starting the look-up function takes now out.

`python -m bench.cold_start REVISION` starts environments of that revision's functions and of the
checkout's, without and with a second-level cache, in turn, and tells which modules each imports.
"""

import argparse
import asyncio
import random
import re
import statistics
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from bench.cache import stored
from bench.cache.read_path import LOOK_UP, look_up, parameters
from devstack import template
from devstack.runtime.configuration import FunctionConfiguration
from devstack.runtime.functions import Functions
from devstack.runtime.invocation import Invocation
from devstack.settings import ROOT
from devstack.stack import TEMPLATE
from tests.servers import running_cache, running_postgres, temporary_folder

COMMAND = "python -m bench.cold_start"
ORDERS = 200
_ENTRIES = 1000
_INIT = re.compile(rb"Init Duration: ([\d.]+) ms")
_NAMES = "import app, sys; print(*sys.modules)"


@dataclass
class Kind:
    """One way to start the function, and what its starts took."""

    name: str
    function: template.Function
    inits_ms: list[float] = field(default_factory=list)
    modules: frozenset[str] = frozenset()

    @property
    def init_ms(self) -> float:
        """Return the median."""
        return statistics.median(self.inits_ms)


def measure(revision: str, starts: int) -> list[Kind]:
    """Start each kind so many times, in turn; the first kind is the earlier revision's."""
    with running_postgres() as server, running_cache() as cache, _source(revision) as earlier:
        settings = server.settings(server.dbname)
        uids = stored.store(settings, ORDERS).uids
        own = parameters(settings, "", _ENTRIES)
        known = {name: value for name, value in own.items() if name != "CacheUrl"}
        kinds = [
            Kind(revision, _function(earlier / TEMPLATE.name, known)),
            Kind("now, CACHE_URL unset", _function(TEMPLATE, own)),
            Kind("now, CACHE_URL set", _function(TEMPLATE, {**own, "CacheUrl": cache.url})),
        ]
        asyncio.run(_take_turns(kinds, uids[0], starts))
        for kind in kinds:
            kind.modules = _modules(kind.function)
        return kinds


@contextmanager
def _source(revision: str) -> Iterator[Path]:
    """Give a folder with what a revision deploys."""
    with temporary_folder() as folder:
        archive = ("git", "archive", revision, "layers", "functions", TEMPLATE.name)
        packed = subprocess.run(archive, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603 - git
        with tarfile.open(fileobj=BytesIO(packed.stdout)) as files:
            files.extractall(folder, filter="data")
        yield folder


def _function(file: Path, given: Mapping[str, str]) -> template.Function:
    return template.read(file, given).functions[LOOK_UP]


async def _take_turns(kinds: Sequence[Kind], uid: str, starts: int) -> None:
    for kind in kinds:
        await _init_ms(kind, uid)  # not counted: it writes the bytecode of what it imports
    for _ in range(starts):
        for kind in random.sample(kinds, len(kinds)):
            kind.inits_ms.append(await _init_ms(kind, uid))


async def _init_ms(kind: Kind, uid: str) -> float:
    """Start an environment, have it answer once, and end it."""
    functions = Functions.of({LOOK_UP: kind.function}, {}, lambda _name, _line: None)
    try:
        await functions.provision({LOOK_UP})
        result = await functions.invoke(LOOK_UP, Invocation(event=look_up(uid)))
    finally:
        await functions.close()
    found = _INIT.search(result.log_tail)
    if result.failed or found is None:
        message = f"{kind.name}: {result.payload[:500]!r}"
        raise RuntimeError(message)
    return float(found[1])


def _modules(function: template.Function) -> frozenset[str]:
    """Return what the function has imported when it is ready for its first event."""
    configuration = FunctionConfiguration(
        name=function.name,
        handler=function.handler,
        code=function.code,
        layers=function.layers,
        environment=function.environment,
    )
    done = subprocess.run(  # noqa: S603 - the function's own module
        (sys.executable, "-c", _NAMES),
        env=configuration.variables(""),
        capture_output=True,
        check=True,
    )
    return frozenset(done.stdout.decode().split())


def table(kinds: Sequence[Kind]) -> str:
    """Show them beside the first."""
    first = kinds[0]
    lines = [f"{'':24}{'init ms':>10}{'ratio':>8}{'modules':>9}  imported beside the first's"]
    for kind in kinds:
        ratio = kind.init_ms / first.init_ms
        more = " ".join(sorted(kind.modules - first.modules)) or "none"
        lines.append(
            f"{kind.name:24}{kind.init_ms:>10.0f}{ratio:>8.2f}{len(kind.modules):>9}  {more}"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("revision", help="of git, to compare the checkout with")
    parser.add_argument("--starts", type=int, default=15, help="of each kind (default: 15)")
    chosen = parser.parse_args()
    sys.stdout.write(table(measure(chosen.revision, chosen.starts)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
