"""The settings come from the environment, and from nowhere else."""

import pytest

from orders.config import Settings
from orders.second_level.url import CacheServer


def test_an_empty_environment_gives_the_defaults_of_the_stack() -> None:
    settings = Settings.from_env({"DB_HOST": "", "CACHE_MAX_ENTRIES": ""})

    assert settings == Settings()
    assert (settings.db_host, settings.db_port, settings.db_name) == (
        "127.0.0.1",
        5432,
        "orders_db",
    )
    assert settings.cache_max_entries == 1000


def test_every_setting_can_be_given() -> None:
    settings = Settings.from_env(
        {
            "DB_HOST": "db.example",
            "DB_PORT": "6432",
            "DB_USER": "orders",
            "DB_PASSWORD": "hidden",
            "DB_SECRET_ARN": "arn:of:a:secret",
            "DB_IAM_AUTH": "true",
            "DB_APP_USER": "orders_app",
            "DB_NAME": "other",
            "DB_SSL_ROOT_CERT": "/opt/ca.pem",
            "CACHE_MAX_ENTRIES": "0",
            "CACHE_URL": "valkey://cache.example",
            "CACHE_TTL_SECONDS": "60",
            "STRICT_TOTALS": "TRUE",
            "AWS_LAMBDA_FUNCTION_NAME": "OrdersApiFunction",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        }
    )

    assert settings == Settings(
        db_host="db.example",
        db_port=6432,
        db_user="orders",
        db_password="hidden",
        db_secret_arn="arn:of:a:secret",
        db_iam_auth=True,
        db_app_user="orders_app",
        db_name="other",
        db_ssl_root_cert="/opt/ca.pem",
        cache_max_entries=0,
        cache_server=CacheServer(host="cache.example"),
        cache_ttl_seconds=60,
        strict_totals=True,
        in_lambda=True,
        snap_start=True,
    )
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "²"])
def test_what_must_be_a_number_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="CACHE_MAX_ENTRIES"):
        Settings.from_env({"CACHE_MAX_ENTRIES": text})


def test_an_environment_that_starts_by_itself_is_restored_from_nothing() -> None:
    assert not Settings.from_env({"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}).snap_start


def test_a_token_never_travels_in_clear() -> None:
    given = {"DB_IAM_AUTH": "TRUE"}

    with pytest.raises(ValueError, match="DB_IAM_AUTH needs DB_SSL_ROOT_CERT"):
        Settings.from_env(given)

    assert Settings.from_env({**given, "DB_SSL_ROOT_CERT": "system"}).db_iam_auth
    # There the secret logs in, and the role that is made does by a token.
    assert Settings.from_env({**given, "DB_SECRET_ARN": "arn"}).db_iam_auth


def test_an_order_is_kept_for_some_time() -> None:
    with pytest.raises(ValueError, match="CACHE_TTL_SECONDS must be at least 1"):
        Settings.from_env({"CACHE_TTL_SECONDS": "0"})


def test_the_address_of_a_cache_shows_no_password() -> None:
    settings = Settings.from_env({"CACHE_URL": "valkeys://orders:hidden@cache.example"})

    assert settings.cache_server
    assert settings.cache_server.password == "hidden"
    assert "hidden" not in repr(settings)
