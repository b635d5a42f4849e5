"""Faults of PostgreSQL's processes and its room: its server stopped, its connections all taken."""

import signal
import time
from collections.abc import Sequence
from random import Random

from pg8000.exceptions import DatabaseError
from pg8000.native import Connection

from devstack.ports import LOCALHOST
from devstack.prove.arena.proxy import MissedError
from devstack.prove.faults.fault import AWAY, PATIENCE_SECONDS, Fault
from devstack.prove.faults.processes import paused, signalled
from devstack.prove.faults.sessions import close, session
from devstack.prove.faults.surroundings import Surroundings
from devstack.settings import Settings

LOOK_SECONDS = 0.1

_TOO_MANY = "53300"
_END_FUNCTIONS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name = 'serverless-orders'
"""


def _connections_taken(surroundings: Surroundings, _draw: Random, seconds: float) -> str:
    own: list[Connection] = []
    try:
        ended = _take_all(surroundings, own)
        lasted = _keep_all(surroundings, own, seconds)
    finally:
        for connection in own:
            close(connection)
    return f"{len(own)} connections taken, {ended} of the functions' ended, {lasted}"


def _take_all(surroundings: Surroundings, own: list[Connection]) -> int:
    """Take what is free, end what the functions have and take that; until they have none.

    Returns how many of theirs were ended.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    ended = 0
    with session(surroundings.stack) as administrator:
        while time.monotonic() < deadline:
            _take_free(surroundings, own)
            ((count,),) = administrator.run(_END_FUNCTIONS)
            if not count:
                return ended
            ended += count
    message = "the functions connected again and again"
    raise MissedError(message)


def _keep_all(surroundings: Surroundings, own: list[Connection], seconds: float) -> str:
    """Take, for so long, what others let go of; tell how long it was."""
    ends_at = time.monotonic() + seconds
    try:
        while time.monotonic() < ends_at:
            _take_free(surroundings, own)
            time.sleep(LOOK_SECONDS)  # others let go when they like, and tell nobody
    except AWAY:
        return "cut short"
    return f"{seconds:.1f} s"


def _take_free(surroundings: Surroundings, own: list[Connection]) -> None:
    settings = Settings({}, surroundings.stack.home)
    while True:
        try:
            own.append(
                Connection(
                    settings.db_user,
                    host=LOCALHOST,
                    port=surroundings.stack.addresses.db_port,
                    database=settings.db_name,
                    password=settings.db_password,
                    timeout=PATIENCE_SECONDS,
                )
            )
        except DatabaseError as error:
            if error.args[0].get("C") == _TOO_MANY:
                return
            raise


FAULTS: Sequence[Fault] = (
    Fault(
        "postgres-stopped",
        "PostgreSQL is stopped immediately (SIGQUIT), as a crash of its machine would",
        (0, 0),
        signalled("postgres", signal.SIGQUIT),
        takes_seconds=2.5,
    ),
    Fault(
        "postgres-paused",
        "all processes of PostgreSQL stand still (SIGSTOP)",
        (2, 10),
        paused("postgres"),
    ),
    Fault(
        "connections-exhausted",
        "somebody else has all of PostgreSQL's connections; the functions' are ended",
        (2, 8),
        _connections_taken,
    ),
)
