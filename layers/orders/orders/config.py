"""Config: the environment in, settings out; nothing else reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orders.second_level.url import CacheServer


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the functions can be told; see template.yaml and .env.example.

    Raises ValueError for a token of IAM that would travel in clear, and for a life of no time.
    """

    db_host: str = "127.0.0.1"
    db_port: int = 5432
    db_user: str = "postgres"
    db_password: str = field(default="postgres", repr=False)
    db_name: str = "orders_db"
    db_secret_arn: str = ""
    """The secret that holds `username` and `password`, in the place of db_user and db_password."""
    db_iam_auth: bool = False
    """Whether db_user logs in with an IAM token; where there is a secret, db_app_user does."""
    db_app_user: str = ""
    """The role of the other functions, which the migrate function makes; empty for none."""
    db_ssl_root_cert: str = ""
    """The file of the one CA that the database's certificate must come from; `system` for those
    that the system trusts (RDS Proxy has a public one); empty for no TLS."""
    cache_max_entries: int = 1000
    cache_server: "CacheServer | None" = None
    """The cache that all environments share, in CACHE_URL; None for none."""
    cache_ttl_seconds: int = 86_400
    """How long an order stays in it."""
    strict_totals: bool = False
    in_lambda: bool = False
    """Whether this is a Lambda execution environment, where the cache is loaded at the start."""
    snap_start: bool = False
    """Whether many environments are restored from one start, each with a cache of its own."""

    def __post_init__(self) -> None:
        if self.db_iam_auth and not self.db_secret_arn and not self.db_ssl_root_cert:
            message = "DB_IAM_AUTH needs DB_SSL_ROOT_CERT: a token must not travel in clear"
            raise ValueError(message)
        if self.cache_ttl_seconds < 1:
            message = "CACHE_TTL_SECONDS must be at least 1"
            raise ValueError(message)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings, an empty value standing for the default.

        Raises ValueError naming the variable that is wrong.
        """
        given = {name: value for name, value in environment.items() if value}
        return cls(
            db_host=given.get("DB_HOST", cls.db_host),
            db_port=_number(given, "DB_PORT", cls.db_port),
            db_user=given.get("DB_USER", cls.db_user),
            db_password=given.get("DB_PASSWORD", cls.db_password),
            db_name=given.get("DB_NAME", cls.db_name),
            db_secret_arn=given.get("DB_SECRET_ARN", cls.db_secret_arn),
            db_iam_auth=_is_true(given, "DB_IAM_AUTH"),
            db_app_user=given.get("DB_APP_USER", cls.db_app_user),
            db_ssl_root_cert=given.get("DB_SSL_ROOT_CERT", cls.db_ssl_root_cert),
            cache_max_entries=_number(given, "CACHE_MAX_ENTRIES", cls.cache_max_entries),
            cache_server=_cache_server(given),
            cache_ttl_seconds=_number(given, "CACHE_TTL_SECONDS", cls.cache_ttl_seconds),
            strict_totals=_is_true(given, "STRICT_TOTALS"),
            in_lambda="AWS_LAMBDA_FUNCTION_NAME" in given,
            snap_start=given.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start",
        )


def _cache_server(given: Mapping[str, str]) -> "CacheServer | None":
    if "CACHE_URL" not in given:
        return None
    from orders.second_level import url  # noqa: PLC0415 - who has one level waits for none of it

    return url.parse(given["CACHE_URL"])


def _is_true(given: Mapping[str, str], name: str) -> bool:
    return given.get(name, "false").lower() == "true"


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        message = f"{name} must be a whole number, not {text!r}"
        raise ValueError(message)
    return int(text)
