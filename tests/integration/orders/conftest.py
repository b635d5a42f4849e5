"""The stores and the reader over a test's own database, and the real handlers."""

import contextlib
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devstack.account import REGION
from orders import bootstrap
from orders.config import Settings
from orders.database import Database
from orders.repository import PostgresOrderReader, PostgresOrderStore, PostgresQuarantine
from tests.integration.conftest import Query
from tests.integration.event_source_mapping.local_aws import local_aws
from tests.integration.orders.secret import Secret
from tests.servers import ROOT, PostgresServer

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
def administrator(postgres: PostgresServer, settings: Settings) -> Iterator[Query]:
    """Ask the test's database as a superuser."""
    connection = postgres.server.administrator(settings.db_name)
    yield connection.run
    connection.close()


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    with local_aws() as url:
        yield url


@pytest.fixture
def function_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be the IAM role of a function."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, name.lower())
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, REGION)


@pytest.fixture
def secret(
    aws: str,
    administrator: Query,
    monkeypatch: pytest.MonkeyPatch,
    function_role: None,  # noqa: ARG001 - who reads it
) -> Iterator[Secret]:
    """Give the secret of a role that may log in and no more."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    secret = Secret(aws, administrator)
    yield secret
    secret.close()


@pytest.fixture
def load_function(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoadFunction]:
    """Start a function as Lambda does: its own environment, its module imported anew."""
    opened = contextlib.ExitStack()

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
        opened.callback(bootstrap.database().close)
        if second := bootstrap.second_level():
            opened.callback(second.close)
        return module

    def forget() -> None:
        bootstrap.settings.cache_clear()
        bootstrap.database.cache_clear()
        bootstrap.second_level.cache_clear()

    yield load
    forget()
    opened.close()
