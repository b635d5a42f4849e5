"""Config: the environment in, settings out; nothing else reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the functions can be told; see template.yaml and .env.example."""

    db_host: str = "127.0.0.1"
    db_port: int = 5432
    db_user: str = "postgres"
    db_password: str = field(default="postgres", repr=False)
    db_name: str = "orders_db"
    db_ssl_root_cert: str = ""
    """The file of the one CA that the database's certificate must come from; empty for no TLS."""
    cache_max_entries: int = 1000
    strict_totals: bool = False
    in_lambda: bool = False
    """Whether this is a Lambda execution environment, where the cache is loaded at the start."""

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings, an empty value standing for the default.

        Raises ValueError naming the variable that holds no number.
        """
        given = {name: value for name, value in environment.items() if value}
        return cls(
            db_host=given.get("DB_HOST", cls.db_host),
            db_port=_number(given, "DB_PORT", cls.db_port),
            db_user=given.get("DB_USER", cls.db_user),
            db_password=given.get("DB_PASSWORD", cls.db_password),
            db_name=given.get("DB_NAME", cls.db_name),
            db_ssl_root_cert=given.get("DB_SSL_ROOT_CERT", cls.db_ssl_root_cert),
            cache_max_entries=_number(given, "CACHE_MAX_ENTRIES", cls.cache_max_entries),
            strict_totals=given.get("STRICT_TOTALS", "false").lower() == "true",
            in_lambda="AWS_LAMBDA_FUNCTION_NAME" in given,
        )


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        message = f"{name} must be a whole number, not {text!r}"
        raise ValueError(message)
    return int(text)
