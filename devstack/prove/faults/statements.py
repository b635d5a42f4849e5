"""Faults of statements: PostgreSQL answers, and what is asked of it fails or takes too long."""

import time
from collections.abc import Sequence
from random import Random

from pg8000.exceptions import DatabaseError
from pg8000.native import Connection

from devstack.prove.arena.proxy import MissedError
from devstack.prove.arena.stack import TIMEOUT_SECONDS
from devstack.prove.faults.fault import AWAY, PATIENCE_SECONDS, Fault
from devstack.prove.faults.sessions import session
from devstack.prove.faults.surroundings import Surroundings
from devstack.prove.faults.triggers import Trigger
from devstack.prove.load.records import Kind
from devstack.waiting import until

QUARANTINE_SQLSTATES = ("53100", "40001", "58030", "23514", "XX000")
LOCKS = (
    "LOCK TABLE orders IN SHARE MODE",
    "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE",
    "LOCK TABLE ingested_offsets IN EXCLUSIVE MODE",
)
"""The functions may read, may not even read, may not begin."""

LOOK_SECONDS = 0.1

UPCOMING_RECORDS = 30
"""How far ahead the second writer is: one that came already would be no use."""

_WAITING = """
SELECT pid FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""
# Its id alone matters, and nobody ever sees it.
_INSERT_ORDER = """
INSERT INTO orders (order_uid, track_number, entry, locale, internal_signature, customer_id,
    delivery_service, shardkey, sm_id, date_created, date_created_text, oof_shard, source,
    content_digest)
VALUES (:order_uid, '', '', '', '', '', '', '', 0, now(), '', '', 'http', '')
ON CONFLICT DO NOTHING
"""
_LOCK_LEDGER = "SELECT FROM ingested_offsets WHERE topic = :topic ORDER BY partition FOR UPDATE"


def _disk_filled(surroundings: Surroundings, draw: Random, seconds: float) -> str:
    deferred = draw.choice((False, True))
    message = 'could not extend file "base": No space left on device'
    trigger = Trigger("prove_disk_filled", "orders", "53100", message, deferred=deferred)
    failures = _failing(surroundings, trigger, seconds)
    return f"{failures} {'commits' if deferred else 'inserts'} failed with 53100"


def _quarantine_failed(surroundings: Surroundings, draw: Random, seconds: float) -> str:
    sqlstate = draw.choice(QUARANTINE_SQLSTATES)
    trigger = Trigger(
        "prove_quarantine_failed", "quarantined_records", sqlstate, "no quarantine now"
    )
    return f"{_failing(surroundings, trigger, seconds)} inserts failed with {sqlstate}"


def _failing(surroundings: Surroundings, trigger: Trigger, seconds: float) -> int:
    """Let inserts fail for so long, and until one has failed; return how many did."""
    began = time.monotonic()
    with trigger.in_place(surroundings.stack):
        failures = until(
            lambda: trigger.failures(surroundings.stack), PATIENCE_SECONDS, LOOK_SECONDS
        )
        if failures:
            time.sleep(max(0.0, began + seconds - time.monotonic()))  # the rest of the fault
            failures = trigger.failures(surroundings.stack) or failures
    if not failures:
        message = f"nobody inserted into {trigger.table}"
        raise MissedError(message)
    return failures


def _statements_timed_out(surroundings: Surroundings, draw: Random, seconds: float) -> str:
    lock = draw.choice(LOCKS)
    waited: set[int] = set()
    lasted = f"{seconds:.1f} s"
    try:
        with session(surroundings.stack) as connection:
            _begin(connection, lock)
            _watch(connection, waited, seconds)
    except AWAY:
        if not waited:
            raise
        lasted = "cut short"
    if not waited:
        message = f"nobody waited for {lock}"
        raise MissedError(message)
    return f"{len(waited)} sessions waited for {lock}, {lasted}"


def _begin(connection: Connection, lock: str) -> None:
    """Begin a transaction with a lock that others hold now and then."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.run("BEGIN")
            connection.run(lock)
        except DatabaseError:
            connection.run("ROLLBACK")
            if time.monotonic() > deadline:
                raise
        else:
            return


def _watch(connection: Connection, waited: set[int], seconds: float) -> None:
    """Note who waits for this session, for so long."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        waited.update(pid for (pid,) in connection.run(_WAITING))
        time.sleep(LOOK_SECONDS)  # until the fault is over, seeing who waits


def _deadlocked(surroundings: Surroundings, _draw: Random, _seconds: float) -> str:
    """Write what is about to come, and when a function waits for it ask for what that one holds.

    Whoever began to wait first looks for a deadlock first, which is the function: after a second.
    It looks once, and must find itself in it; so there is one record that one function waits for.
    """
    upcoming = surroundings.upcoming(UPCOMING_RECORDS)
    order_uids = [record.key for record in upcoming if record.kind is Kind.GOOD]
    if not order_uids:
        message = "no order is about to come"
        raise MissedError(message)
    with session(surroundings.stack) as writer:
        writer.run("SET deadlock_timeout = '10s'; SET lock_timeout = '1500ms'; BEGIN")
        writer.run(_INSERT_ORDER, order_uid=order_uids[-1])
        victims = until(lambda: writer.run(_WAITING), PATIENCE_SECONDS)
        if not victims:
            message = "no function came with the order that another writer has written"
            raise MissedError(message)
        writer.run(_LOCK_LEDGER, topic=surroundings.stack.topic)
        writer.run("ROLLBACK")
    return f"backend {victims[0][0]} was the victim"


FAULTS: Sequence[Fault] = (
    Fault(
        "disk-filled",
        "orders cannot be written for want of room (SQLSTATE 53100), at once or in the COMMIT",
        (1, 6),
        _disk_filled,
    ),
    Fault(
        "statements-timed-out",
        "somebody's lock makes statements wait longer than an invocation may take",
        (TIMEOUT_SECONDS + 1, TIMEOUT_SECONDS + 3),
        _statements_timed_out,
    ),
    Fault(
        "writers-deadlocked",
        "another writer and an invocation wait for each other; PostgreSQL ends the invocation's",
        (0, 0),
        _deadlocked,
        takes_seconds=3.0,
    ),
    Fault(
        "quarantine-failed",
        "refused records cannot be quarantined: "
        f"{', '.join(QUARANTINE_SQLSTATES[:-1])} or {QUARANTINE_SQLSTATES[-1]}",
        (1, 6),
        _quarantine_failed,
    ),
)
