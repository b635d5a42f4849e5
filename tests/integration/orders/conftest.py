"""The stores and the reader over a test's own database, and the real handlers."""

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orders import bootstrap
from orders.database import Database
from orders.repository import PostgresOrderReader, PostgresOrderStore, PostgresQuarantine
from tests.servers import ROOT

LoadFunction = Callable[..., Any]


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
