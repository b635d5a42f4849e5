"""The demo command: a running stack in, the way of one good and one bad record out, with times."""

import json
import secrets
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

from devstack import migrate, state
from devstack.console import say
from devstack.errors import UserError
from devstack.producer.delivery import produce
from devstack.producer.mix import Record, bad_record, valid_record
from devstack.settings import LOCALHOST, Addresses, Settings
from orders.database import Session

_PATIENCE_SECONDS = 15
_PAUSE_SECONDS = 0.005
_BAD_KIND = "number_as_text"
_STORED = "SELECT topic, partition, record_offset FROM orders WHERE order_uid = :uid::text"
_QUARANTINED = (
    "SELECT topic, partition, record_offset, faults::text FROM quarantined_records"
    " WHERE order_uid = :uid::text"
)


def add_arguments(_parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack demo`: there are none."""


def run(_arguments: Namespace, settings: Settings) -> int:
    """Follow both records and say what happened; raises `UserError` when one does not arrive."""
    addresses = state.running(settings).addresses
    seed = secrets.randbelow(2**32)
    database = migrate.connect(settings, addresses)
    try:
        _follow_good(valid_record(seed, 0), settings, addresses, database)
        _follow_bad(bad_record(_BAD_KIND, seed, 1), settings, addresses, database)
    finally:
        database.close()
    return 0


def _follow_good(
    record: Record, settings: Settings, addresses: Addresses, database: Session
) -> None:
    say(f"1. A valid order, {record.order_uid}, into the topic {settings.topic}")
    row, milliseconds = _arrival(record, _STORED, settings, addresses, database)
    say(f"   stored {milliseconds:.0f} ms later, from partition {row[1]}, offset {row[2]}")
    connection = HTTPConnection(LOCALHOST, addresses.http_ports[0], timeout=5)
    for attempt in ("2. The first look-up", "3. The second look-up"):
        began = time.perf_counter()
        connection.request("GET", f"/order/{record.order_uid}")
        answer = connection.getresponse()
        body = answer.read()
        milliseconds = (time.perf_counter() - began) * 1000
        say(
            f"{attempt}: {answer.status}, X-Cache {answer.headers['X-Cache']},"
            f" {milliseconds:.2f} ms ({answer.headers['Server-Timing']})"
        )
    connection.close()
    equal = json.loads(body) == json.loads(record.value or b"null")
    say(f"   what came out {'equals' if equal else 'DIFFERS FROM'} what went in")
    if not equal:
        message = f"order {record.order_uid} came out different from what went in"
        raise UserError(message)


def _follow_bad(
    record: Record, settings: Settings, addresses: Addresses, database: Session
) -> None:
    say(f"4. A bad record ({record.bad}), {record.order_uid}, into the topic {settings.topic}")
    row, milliseconds = _arrival(record, _QUARANTINED, settings, addresses, database)
    say(f"   quarantined {milliseconds:.0f} ms later: partition {row[1]}, offset {row[2]}, because")
    for fault in json.loads(row[3]):
        say(f"   {fault['path'] or '/'}: {fault['sentence']} ({fault['code']})")


def _arrival(
    record: Record,
    query: str,
    settings: Settings,
    addresses: Addresses,
    database: Session,
) -> tuple[list[Any], float]:
    """Send a record and wait for its row; return the row and the milliseconds it took."""
    began = time.monotonic()
    produce([record], bootstrap_servers=addresses.kafka_broker, topic=settings.topic)
    row = _wait(lambda: database.run(query, uid=record.order_uid), record)
    return row, (time.monotonic() - began) * 1000


def _wait(rows: Callable[[], list[list[Any]]], record: Record) -> list[Any]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (found := rows()):
        if time.monotonic() > deadline:
            message = f"{record.order_uid} did not arrive in {_PATIENCE_SECONDS} s; see `make logs`"
            raise UserError(message)
        time.sleep(_PAUSE_SECONDS)  # a bounded wait
    return found[0]
