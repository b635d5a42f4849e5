"""The demo command: a running stack in, the ways of a good and of a mended record out, timed."""

import json
import secrets
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from typing import Any

from devstack import state
from devstack.console import say
from devstack.database import connect
from devstack.errors import UserError
from devstack.ports import LOCALHOST
from devstack.producer.delivery import Destination, produce
from devstack.producer.destination import source_of
from devstack.producer.mix import Record, bad_record, valid_record
from devstack.settings import Settings
from devstack.state import State
from devstack.waiting import until
from orders.database import Session

_PATIENCE_SECONDS = 15
_PAUSE_SECONDS = 0.005
_BAD_KIND = "number_as_text"
_STORED = """
SELECT partition, record_offset, extract(epoch FROM ingested_at)::text
FROM orders WHERE order_uid = :uid::text
"""
_QUARANTINED = """
SELECT partition, record_offset, extract(epoch FROM quarantined_at)::text, faults::text, id
FROM quarantined_records WHERE order_uid = :uid::text
"""


def add_arguments(_parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack demo`: there are none."""


def run(_arguments: Namespace, settings: Settings) -> int:
    """Follow both records and say what happened; raises `UserError` when one does not arrive."""
    running = state.running(settings)
    addresses = running.addresses
    seed = secrets.randbelow(2**32)
    database = connect(settings, addresses.db_host, addresses.db_port)
    try:
        with source_of(settings, addresses) as source:
            demo = _Demo(source, running, database)
            demo.follow_good(valid_record(seed, 0))
            number = demo.follow_bad(bad_record(_BAD_KIND, seed, 1))
            demo.mend(number, valid_record(seed, 1))
    finally:
        database.close()
    return 0


@dataclass(frozen=True)
class _Demo:
    source: Destination
    running: State
    database: Session

    def follow_good(self, record: Record) -> None:
        say(f"1. A valid order, {record.order_uid}, into the {self.source.title}")
        partition, offset, seconds = self._arrival(record, _STORED)
        say(f"   stored {_milliseconds(seconds)} after it was acknowledged there")
        say(f"   from {self.source.topic}, partition {partition}, offset {offset}")
        connection = HTTPConnection(LOCALHOST, self.running.addresses.http_ports[0], timeout=5)
        for attempt in ("2. The first look-up", "3. The second look-up"):
            body = _look_up(connection, record.order_uid, attempt)
        connection.close()
        if json.loads(body) != json.loads(record.value or b"null"):
            message = f"order {record.order_uid} came out different from what went in"
            raise UserError(message)
        say("   what came out equals what went in")

    def follow_bad(self, record: Record) -> int:
        say(f"4. A bad record ({record.bad}), {record.order_uid}, into the {self.source.title}")
        partition, offset, seconds, faults, number = self._arrival(record, _QUARANTINED)
        say(f"   quarantined {_milliseconds(seconds)} after it was acknowledged there")
        say(f"   from {self.source.topic}, partition {partition}, offset {offset}, because")
        for fault in json.loads(faults):
            say(f"   {fault['path'] or '/'}: {fault['sentence']} ({fault['code']})")
        return int(number)

    def mend(self, number: int, corrected: Record) -> None:
        say(f"5. The same record, {number} in the quarantine, redriven with a corrected document")
        connection = HTTPConnection(LOCALHOST, self.running.addresses.http_ports[0], timeout=5)
        path, typed = f"/quarantine/{number}/redrive", {"Content-Type": "application/json"}
        connection.request("POST", path, corrected.value, typed)
        answer = json.loads(connection.getresponse().read())
        if answer.get("outcome") != "stored":
            message = f"record {number} could not be redriven: {answer.get('detail')}"
            raise UserError(message)
        _look_up(connection, corrected.order_uid, "6. Its look-up")
        connection.close()

    def _arrival(self, record: Record, query: str) -> list[Any]:
        """Send a record and wait for its row; its third value becomes the seconds it took."""
        produce([record], self.source)
        acknowledged = time.time()
        look = partial(self.database.run, query, uid=record.order_uid)
        rows = until(look, _PATIENCE_SECONDS, _PAUSE_SECONDS)
        if not rows:
            message = f"{record.order_uid} did not arrive in {_PATIENCE_SECONDS} s; see `make logs`"
            raise UserError(message)
        partition, offset, arrived, *more = rows[0]
        return [partition, offset, max(float(arrived) - acknowledged, 0), *more]


def _look_up(connection: HTTPConnection, order_uid: str, attempt: str) -> bytes:
    began = time.perf_counter()
    connection.request("GET", f"/order/{order_uid}")
    answer = connection.getresponse()
    body = answer.read()
    seconds = time.perf_counter() - began
    timing = answer.headers["Server-Timing"]
    cache = answer.headers["X-Cache"]
    say(f"{attempt}: {answer.status}, X-Cache {cache}, {_milliseconds(seconds)} ({timing})")
    return body


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"
