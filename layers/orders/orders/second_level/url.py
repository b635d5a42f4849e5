"""Cache URL: the text of CACHE_URL in, where the cache is and how to log in out.

No error shows any part of the text: a password stands in it.
"""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from orders.trust import SYSTEM_TRUST

PLAIN: Final = ("valkey", "redis")
ENCRYPTED: Final = ("valkeys", "rediss")

_PORT: Final = 6379
_CA_FILE: Final = "ssl_ca_certs"
_FORM: Final = (
    "CACHE_URL must be valkey:// or redis://, valkeys:// or rediss:// for TLS, then"
    " [user:password@]host[:port][/database], and of parameters only ?ssl_ca_certs=FILE (with TLS);"
    " special characters of user and password %-encoded"
)


@dataclass(frozen=True, kw_only=True)
class CacheServer:
    """A server that speaks RESP: Valkey, Redis, ElastiCache."""

    host: str
    port: int = _PORT
    user: str = ""
    password: str = field(default="", repr=False)
    database: int = 0
    root_cert: str = ""
    """The file of the CA that its certificate must come from, `system` for those that the system
    trusts, empty for no TLS."""


def parse(url: str) -> CacheServer:
    """Read a URL; raises ValueError, which shows nothing of it."""
    try:
        return _server(urlsplit(url))
    except ValueError:
        raise ValueError(_FORM) from None


def _server(parts: SplitResult) -> CacheServer:
    parameters = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    is_encrypted = parts.scheme in ENCRYPTED
    if (
        not (is_encrypted or parts.scheme in PLAIN)
        or not parts.hostname
        or parts.fragment
        or not parameters.keys() <= ({_CA_FILE} if is_encrypted else set())
    ):
        raise ValueError
    return CacheServer(
        host=parts.hostname,
        port=parts.port or _PORT,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=_database(parts.path),
        root_cert=parameters.get(_CA_FILE, [SYSTEM_TRUST])[0] if is_encrypted else "",
    )


def _database(path: str) -> int:
    number = path.strip("/") or "0"
    if not number.isascii() or not number.isdigit():
        raise ValueError
    return int(number)
