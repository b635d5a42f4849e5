from pathlib import Path

import pytest

from devstack import database
from devstack.errors import UserError
from devstack.settings import Settings
from orders.config import Settings as FunctionSettings
from orders.errors import StoreUnavailableError

HOME = Path("/no/stack/here")


def settings(**values: str) -> Settings:
    return Settings(values, HOME)


def test_the_database_is_the_one_that_db_host_names() -> None:
    assert database.place(settings(DB_HOST="db.example.com")) == ("db.example.com", 5432)
    assert database.place(settings(DB_HOST="db", DB_PORT="6000")) == ("db", 6000)


def test_without_one_a_stack_must_run() -> None:
    with pytest.raises(UserError, match="no stack is running here"):
        database.place(settings())


def test_the_functions_settings_are_read_as_the_functions_do() -> None:
    own = database.function_settings(
        settings(DB_USER="ann", DB_NAME="", STRICT_TOTALS="TRUE", DB_HOST="other"), "db", 6000
    )

    assert own == FunctionSettings(db_host="db", db_port=6000, db_user="ann", strict_totals=True)


def test_a_setting_that_is_none_is_told() -> None:
    with pytest.raises(UserError, match="CACHE_MAX_ENTRIES must be a whole number"):
        database.function_settings(settings(CACHE_MAX_ENTRIES="many"), "db", 6000)


def test_a_database_that_is_away_is_told_in_one_line() -> None:
    own = FunctionSettings(db_host="db", db_port=6000)
    message = "it does not answer"

    with (
        pytest.raises(UserError, match=r"PostgreSQL at db:6000/orders_db .* postgres: it does not"),
        database.told_of(own),
    ):
        raise StoreUnavailableError(message)
