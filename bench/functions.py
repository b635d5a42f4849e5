"""The functions' work: their real environments and a real PostgreSQL in, measured figures out.

`python -m bench.functions` invokes every kind of work that `python -m devstack estimate` reckons
with, on servers of its own, and writes devstack/estimate/measured.toml.
"""

import argparse
import asyncio
import base64
import json
import math
import os
import platform
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pg8000.native
import psutil

from bench import fitting
from bench.measuring import Meters, Series, postmaster, run_round, start, warm_up
from devstack import migrate, template
from devstack.estimate.measured import FILE
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.records import ConsumedRecord, Record, by_partition
from devstack.producer.orders import encode, order
from devstack.runtime.functions import Functions
from devstack.settings import ROOT, Settings
from devstack.stack import TEMPLATE
from tests.servers import PostgresServer, running_postgres

COMMAND = "python -m bench.functions"
INGEST, LOOK_UP, SUBMIT = "IngestOrdersFunction", "OrdersApiFunction", "SubmitOrderFunction"
SIZES = (1, 10, 100, 1000, 2000)
ROUNDS = 3
PARTITIONS = 3
CACHED = 1000

_WRITING = 0.75
"""The share of the time that goes to what writes."""
_SAMPLED = 500
_FIRST_MS = 1_767_225_600_000
_FORMAT = EventFormat("orders", "b-1.example:9098,b-2.example:9098", None)
_ADDED = {"POWERTOOLS_METRICS_DISABLED": "false"}
"""What the runtime leaves out locally; on AWS it is logged."""


class Orders:
    """Orders that nobody has stored yet, and the ids of those that were handed out."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.uids: list[str] = []

    def next(self) -> bytes:
        """Make another one."""
        made = order(self._seed, len(self.uids))
        self.uids.append(made["order_uid"])
        return encode(made)

    def batches(self, size: int) -> Iterator[bytes]:
        """Yield events of so many records, as the mapping would build them."""
        while True:
            yield _FORMAT.event(by_partition(self._record() for _ in range(size)))

    def _record(self) -> Record:
        number = len(self.uids)
        value, key = self.next(), self.uids[-1].encode()
        partition, offset, stamp = number % PARTITIONS, number // PARTITIONS, _FIRST_MS + number
        consumed = ConsumedRecord(partition, offset, stamp, "CREATE_TIME", key, value, ())
        return Record(partition, offset, stamp, _FORMAT.encode(consumed), 0.0)


def _look_ups(uids: Sequence[str]) -> Iterator[bytes]:
    """Ask for each in turn, and again from the first on."""
    for uid in cycle(uids):
        path = {"path": f"/order/{uid}", "pathParameters": {"order_uid": uid}}
        yield encode(_sample("api_order.json") | path)


def _submissions(orders: Orders) -> Iterator[bytes]:
    while True:
        body = base64.b64encode(orders.next()).decode()
        sample = _sample("api_submit_order.json")
        yield encode(sample | {"body": body, "isBase64Encoded": True})


@cache
def _sample(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / "events" / name).read_text(encoding="utf-8"))
    return content


async def measure(
    server: PostgresServer, dbname: str, seconds: float, sizes: Sequence[int] = SIZES
) -> dict[str, dict[str, Any]]:
    """Measure everything in about so many seconds, and return what measured.toml holds.

    The database is migrated and empty.
    """
    database = server.server.administrator(dbname)
    meters = Meters(database, postmaster(server))
    described = _described(server.settings(dbname))
    functions = Functions.of(described.functions, _ADDED, meters.take_log)
    records, posts = Orders(seed=1), Orders(seed=2)
    empty = _database_bytes(database)
    try:
        for name in (INGEST, SUBMIT, LOOK_UP):
            await start(functions, meters, name)
        batches = [Series(INGEST, records.batches(size), size) for size in sizes]
        kinds = {"post": Series(SUBMIT, _submissions(posts))}
        await _take_turns(functions, meters, [*batches, *kinds.values()], seconds * _WRITING)
        kinds["hit"] = Series(LOOK_UP, _look_ups(records.uids[:1]))
        # Twice what the cache holds, in turn: each was evicted when it is asked for again.
        kinds["miss"] = Series(LOOK_UP, _look_ups(records.uids[: 2 * CACHED]))
        await _take_turns(functions, meters, list(kinds.values())[1:], seconds * (1 - _WRITING))
        stored = (_database_bytes(database) - empty) / (len(records.uids) + len(posts.uids))
    finally:
        await functions.close()
        database.close()
    return _document(batches, kinds, stored)


async def _take_turns(
    functions: Functions, meters: Meters, several: Sequence[Series], seconds: float
) -> None:
    for _ in range(ROUNDS):
        for series in several:
            await warm_up(functions, series)
            await run_round(functions, meters, series, seconds / ROUNDS / len(several))


def _described(settings: Mapping[str, str]) -> template.Template:
    return template.read(
        TEMPLATE,
        {
            "DatabaseHost": settings["DB_HOST"],
            "DatabasePort": settings["DB_PORT"],
            "DatabaseUser": settings["DB_USER"],
            "DatabasePassword": settings["DB_PASSWORD"],
            "DatabaseName": settings["DB_NAME"],
            "CacheMaxEntries": str(CACHED),
        },
    )


def _database_bytes(database: pg8000.native.Connection) -> int:
    ((size,),) = database.run("SELECT pg_database_size(current_database())")
    return int(size)


def _document(
    batches: Sequence[Series], kinds: Mapping[str, Series], stored_bytes: float
) -> dict[str, dict[str, Any]]:
    values = [encode(order(1, number)) for number in range(_SAMPLED)]
    (event,) = islice(Orders(seed=1).batches(_SAMPLED), 1)
    in_base64 = sum(4 * math.ceil(len(value) / 3) for value in values)
    return {
        "measurement": {
            "date": datetime.now(UTC).date().isoformat(),
            "command": COMMAND,
            "machine": f"{psutil.cpu_count()} cores, {platform.machine()}, {platform.system()}",
            "load": f"{os.getloadavg()[0]:.1f} of {psutil.cpu_count()} cores at the end",
            "python": platform.python_version(),
        },
        "order": {
            "order_bytes": statistics.mean(map(len, values)),
            "envelope_bytes": (len(event) - in_base64) / _SAMPLED,
            "stored_bytes": stored_bytes,
        },
        **_fitted(batches),
        **{f"work.{name}": asdict(series.work) for name, series in kinds.items()},
        **{f"seen.batch_of_{each.records}": _seen(each) for each in batches},
    }


def _fitted(batches: Sequence[Series]) -> dict[str, dict[str, float]]:
    sizes = [each.records for each in batches]
    works = [asdict(each.work) for each in batches]
    lines = {name: fitting.line(sizes, [work[name] for work in works]) for name in works[0]}
    return {
        "work.batch": {name: fixed for name, (fixed, _) in lines.items()},
        "work.record": {name: per_record for name, (_, per_record) in lines.items()},
    }


def _seen(series: Series) -> dict[str, float]:
    return {
        "invocations": len(series.durations_ms),
        "median_ms": series.wall_ms,
        "cpu_ms": series.work.cpu_ms,
    }


def as_toml(document: Mapping[str, Mapping[str, Any]]) -> str:
    """Write the file."""
    lines = [f"# Written by `{COMMAND}`; figures are of one invocation. Not to be edited."]
    for table, values in document.items():
        lines += ["", f"[{table}]"]
        lines += [f"{name} = {_value(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else json.dumps(value)


def main() -> int:
    """Measure, write the file, and print what was seen beside what will be reckoned with."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="to measure for (default: 30)")
    parser.add_argument("--file", type=Path, default=FILE, help="where to write")
    chosen = parser.parse_args()
    with running_postgres() as server:
        settings = Settings(server.settings(server.dbname), Path())
        migrate.apply(settings, server.host, server.port)
        text = as_toml(asyncio.run(measure(server, server.dbname, chosen.seconds)))
    chosen.file.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
