"""A migrated database of each test's own, real ingestion into it, and the command on it."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from orders import migrations, validation
from orders.config import Settings
from orders.database import Database, Row
from orders.ingestion import ingest
from orders.record import Record
from orders.repository import PostgresOrderStore
from tests.integration.quarantine.command import QuarantineCommand
from tests.servers import ROOT, PostgresServer

Ingest = Callable[[list[Record]], None]
Query = Callable[[str], list[Row]]


@pytest.fixture
def environment(postgres: PostgresServer) -> dict[str, str]:
    """Give the DB_* variables of a new, empty database."""
    return postgres.settings(postgres.create_database())


@pytest.fixture
def database(environment: dict[str, str]) -> Iterator[Database]:
    """Give a migrated database."""
    database = Database(Settings.from_env(environment))
    session = database.connect()
    migrations.migrate(session, ROOT / "sql")
    session.close()
    yield database
    database.close()


@pytest.fixture
def ingested(database: Database) -> Ingest:
    """Give what settles records as the function does where STRICT_TOTALS is set."""

    def ingested(records: list[Record]) -> None:
        strictly = partial(validation.judge, strict_totals=True)
        store = PostgresOrderStore(database)
        assert not ingest(records, store, seconds_left=lambda: 60.0, judge=strictly).undone

    return ingested


@pytest.fixture
def query(database: Database) -> Iterator[Query]:
    """Ask the database on a connection that nothing under test shares."""
    session = database.connect()
    yield session.run
    session.close()


@pytest.fixture
def quarantine(
    tmp_path: Path, database: Database, environment: dict[str, str]
) -> QuarantineCommand:
    """Give the command, on the migrated database."""
    assert database
    return QuarantineCommand(tmp_path, environment)
