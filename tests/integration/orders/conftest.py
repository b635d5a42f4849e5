"""A migrated database of each test's own, the store and reader over it, and the real handlers."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orders import bootstrap, migrations
from orders.config import Settings
from orders.database import Database, Row
from orders.repository import PostgresOrderReader, PostgresOrderStore, PostgresQuarantine
from tests.servers import PostgresServer

ROOT = Path(__file__).parents[3]
SQL = ROOT / "sql"

Query = Callable[[str], list[Row]]
LoadFunction = Callable[..., Any]


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
def store(database: Database) -> PostgresOrderStore:
    return PostgresOrderStore(database)


@pytest.fixture
def reader(database: Database) -> PostgresOrderReader:
    return PostgresOrderReader(database)


@pytest.fixture
def quarantined(database: Database) -> PostgresQuarantine:
    return PostgresQuarantine(database)


@pytest.fixture
def query(database: Database) -> Iterator[Query]:
    """Ask the database on a connection that the code under test does not share."""
    session = database.connect()
    yield session.run
    session.close()


@pytest.fixture
def load_function(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoadFunction]:
    """Start a function as Lambda does: its own environment, its module imported anew."""
    databases: list[Database] = []

    def load(name: str, **more: str) -> Any:  # noqa: ANN401 - a module
        for variable, value in {**environment, **more}.items():
            monkeypatch.setenv(variable, value)
        forget()
        path = ROOT / "functions" / name / "app.py"
        spec = importlib.util.spec_from_file_location(f"{name}_app", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        databases.append(bootstrap.database())
        return module

    def forget() -> None:
        bootstrap.settings.cache_clear()
        bootstrap.database.cache_clear()

    yield load
    forget()
    for one in databases:
        one.close()
