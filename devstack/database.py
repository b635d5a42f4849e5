"""The database that commands work on: settings in, where it is, and the layer's own way into it."""

from collections.abc import Iterator
from contextlib import contextmanager

from devstack import state
from devstack.errors import UserError
from devstack.settings import Settings
from orders.config import Settings as FunctionSettings
from orders.database import Database, Session
from orders.errors import InvalidRequestError, StoreUnavailableError


def place(settings: Settings) -> tuple[str, int]:
    """Return host and port of the server that DB_HOST names, else of the running stack's.

    Raises `UserError` when neither is there.
    """
    if settings.own_postgres:
        addresses = state.running(settings).addresses
        return addresses.db_host, addresses.db_port
    return settings.values["DB_HOST"], settings.external_db_port


def function_settings(settings: Settings, host: str, port: int) -> FunctionSettings:
    """Return what the functions would read of these settings; raises `UserError` for a wrong one.

    The defaults of DB_USER, DB_PASSWORD and DB_NAME are the same here and there.
    """
    try:
        return FunctionSettings.from_env({**settings.values, "DB_HOST": host, "DB_PORT": str(port)})
    except ValueError as error:
        raise UserError(str(error)) from error


def connect(settings: Settings, host: str, port: int) -> Session:
    """Open a connection as the stack's own role; raises `UserError` when it is not let in."""
    own = function_settings(settings, host, port)
    with told_of(own):
        return Database(own).connect()


@contextmanager
def told_of(settings: FunctionSettings) -> Iterator[None]:
    """Tell in one line that the database is away or lets nobody in, raising `UserError`."""
    try:
        yield
    except (StoreUnavailableError, InvalidRequestError) as error:
        server = f"{settings.db_host}:{settings.db_port}/{settings.db_name}"
        message = (
            f"PostgreSQL at {server} cannot be used by {settings.db_user}: {error};"
            " start it, migrate it, or set the DB_ variables to the one that is meant"
        )
        raise UserError(message) from error
