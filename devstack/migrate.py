"""Migrations of the stack's database: sql/ in, the newest schema out, by the layer's migrator."""

from devstack.errors import UserError
from devstack.settings import ROOT, Settings
from orders import migrations
from orders.config import Settings as FunctionSettings
from orders.database import Database, Session
from orders.errors import InvalidRequestError, StoreUnavailableError

MIGRATIONS = ROOT / "sql"
_MIGRATION_SECONDS = 600


def connect(settings: Settings, host: str, port: int) -> Session:
    """Open a connection as the stack's own role; raises `UserError` when it is not let in."""
    database = Database(
        FunctionSettings(
            db_host=host,
            db_port=port,
            db_user=settings.db_user,
            db_password=settings.db_password,
            db_name=settings.db_name,
        )
    )
    try:
        return database.connect()
    except (StoreUnavailableError, InvalidRequestError) as error:
        place = f"{host}:{port}/{settings.db_name}"
        message = f"PostgreSQL at {place} does not let {settings.db_user} in: {error}"
        raise UserError(message) from error


def apply(settings: Settings, host: str, port: int) -> list[str]:
    """Apply every migration that is missing and return their versions.

    Raises `UserError` when the database is not there or refuses one; nothing of that one is kept.
    """
    session = connect(settings, host, port)
    session.allow(_MIGRATION_SECONDS)
    try:
        return migrations.migrate(session, MIGRATIONS)
    except (StoreUnavailableError, InvalidRequestError) as error:
        message = f"a migration was refused and nothing of it kept: {error}"
        raise UserError(message) from error
    finally:
        session.close()
