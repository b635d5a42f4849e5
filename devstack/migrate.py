"""Migrations of the stack's database: sql/ in, another schema out, by the layer's migrator."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from devstack import database
from devstack.errors import UserError
from devstack.settings import ROOT, Settings
from orders import migrations
from orders.database import Session
from orders.errors import OrderServiceError

MIGRATIONS = ROOT / "sql"


def apply(settings: Settings, host: str, port: int) -> list[str]:
    """Apply every migration that is missing and return their versions.

    Raises `UserError` when the database is not there or refuses one; nothing of that one is kept.
    """
    with _session(settings, host, port) as session:
        return migrations.migrate(session, MIGRATIONS)


def take_back(settings: Settings, host: str, port: int, *, drop_data: bool = False) -> str | None:
    """Take the last migration back and return its version, None when there is none.

    The first one takes every order with it. Raises `UserError` as `apply` does, and for the first
    one unless the data is to be dropped.
    """
    with _session(settings, host, port) as session:
        if len(migrations.applied(session)) == 1 and not drop_data:
            message = (
                "only the first migration is left, and it takes every order and record with it;"
                " add --drop-data if that is meant"
            )
            raise UserError(message)
        return migrations.rollback(session, MIGRATIONS)


def pending(settings: Settings, host: str, port: int) -> list[str]:
    """Return the versions that `apply` would apply; changes nothing.

    Raises `UserError` when the database is not there.
    """
    with _session(settings, host, port) as session:
        return migrations.pending(session, MIGRATIONS)


@contextmanager
def _session(settings: Settings, host: str, port: int) -> Iterator[Session]:
    try:
        with closing(database.connect(settings, host, port)) as session:
            yield session
    except OrderServiceError as error:
        raise UserError(str(error)) from error
