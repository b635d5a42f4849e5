"""A place's database: a server in, a migrated database of its own and connections to it out."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final

from orders import migrations
from orders.config import Settings
from orders.database import Database, Session
from tests.servers import ROOT, PostgresServer
from tests.targets.place import INGEST_SECONDS

_PATIENCE_SECONDS: Final = 30
_SLOW_TABLES: Final = ("orders", "deliveries", "items")
_SLOW_SECONDS: Final = (INGEST_SECONDS + 0.5) / len(_SLOW_TABLES)
"""Each statement is in time (all of the time but a second is granted), a batch is not."""


def migrated(postgres: PostgresServer) -> dict[str, str]:
    """Make a database with the newest schema; return its DB_* settings."""
    database = postgres.settings(postgres.create_database())
    with session(database) as opened:
        migrations.migrate(opened, ROOT / "sql")
    return database


@contextmanager
def session(database: Mapping[str, str]) -> Iterator[Session]:
    """Open a connection beside the functions' own."""
    with closing(Database(Settings.from_env(database)).connect()) as opened:
        opened.allow(_PATIENCE_SECONDS)
        yield opened


@contextmanager
def slow(opened: Session) -> Iterator[None]:
    """Make inserts slow; at the end, wait until whoever inserts now is done or gone."""
    opened.script(
        "CREATE FUNCTION parity_slow() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN PERFORM pg_sleep({_SLOW_SECONDS}); RETURN NULL; END $$;"
        + "".join(
            f"CREATE TRIGGER parity_slow BEFORE INSERT ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION parity_slow();"
            for table in _SLOW_TABLES
        )
    )
    try:
        yield
    finally:
        opened.script("DROP FUNCTION parity_slow CASCADE")
