"""Sessions: a proving stack in, superuser's sessions that leave nothing behind out."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pg8000.exceptions import Error
from pg8000.native import Connection

from devstack.prove.arena.stack import ProvingStack

PATIENCE_SECONDS = 3.0
"""How long PostgreSQL may take for anything."""

LOCK_MILLISECONDS = 500
"""A wait for a lock makes everybody behind it wait too: rather tried again than long."""


@contextmanager
def session(stack: ProvingStack) -> Iterator[Connection]:
    """Open a superuser's session that waits for no lock long, and close it whatever happens."""
    connection = stack.administrator(PATIENCE_SECONDS)
    try:
        connection.run(f"SET lock_timeout = {LOCK_MILLISECONDS}")
        yield connection
    finally:
        close(connection)


def close(connection: Connection) -> None:
    """Close, whether or not the server is still there."""
    with suppress(Error, OSError):
        connection.close()
