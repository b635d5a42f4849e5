"""A migrated database of each test's own, and connections to it."""

from collections.abc import Callable, Iterator

import pytest

from orders import migrations
from orders.config import Settings
from orders.database import Database, Row, Session
from tests.servers import ROOT, PostgresServer

SQL = ROOT / "sql"

Query = Callable[..., list[Row]]


@pytest.fixture
def environment(postgres: PostgresServer) -> dict[str, str]:
    """Give the DB_* variables of a new, empty database."""
    return postgres.settings(postgres.create_database())


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return Settings.from_env(environment)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """Give a migrated database."""
    database = Database(settings)
    session = database.connect()
    migrations.migrate(session, SQL)
    session.close()
    yield database
    database.close()


@pytest.fixture
def query(database: Database) -> Iterator[Query]:
    """Ask the database on a connection that the code under test does not share."""
    session = database.connect()
    yield session.run
    session.close()


@pytest.fixture
def session(settings: Settings) -> Iterator[Session]:
    """Give a connection to an empty database."""
    session = Database(settings).connect()
    yield session
    session.close()
