"""Bootstrap: settings in, the objects of one execution environment out; the only place that wires.

Each is made once and connects when it is first used.
"""

from functools import cache as once
from functools import partial
from typing import TYPE_CHECKING

from orders import lookup, validation
from orders.cache import OrderCache
from orders.config import Settings
from orders.database import Database
from orders.lookup import NewestReader
from orders.repository import PostgresOrderReader, PostgresOrderStore, PostgresQuarantine
from orders.settlement import Judge

if TYPE_CHECKING:
    from orders.second_level import ValkeySecondLevel


@once
def settings() -> Settings:
    """Return this environment's settings."""
    return Settings.from_env()


@once
def database() -> Database:
    """Return this environment's database."""
    return Database(settings())


@once
def second_level() -> "ValkeySecondLevel | None":
    """Return the cache that this environment shares with others, if there is one."""
    server = settings().cache_server
    if server is None:
        return None
    from orders import telemetry  # noqa: PLC0415 - who has one level waits for none of it
    from orders.second_level import Client, ValkeySecondLevel  # noqa: PLC0415

    return ValkeySecondLevel(
        Client(server, telemetry.second_level_fault),
        database=f"{settings().db_host}:{settings().db_port}/{settings().db_name}",
        ttl_seconds=settings().cache_ttl_seconds,
    )


def order_store() -> PostgresOrderStore:
    """Return where ingestion keeps orders."""
    return PostgresOrderStore(database())


def order_reader() -> PostgresOrderReader:
    """Return where look-ups find orders."""
    return PostgresOrderReader(database())


def quarantine_store() -> PostgresQuarantine:
    """Return where refused records are kept."""
    return PostgresQuarantine(database())


def judge() -> Judge:
    """Return the rules that this environment's settings ask for."""
    return partial(validation.judge, strict_totals=settings().strict_totals)


def order_cache() -> lookup.Cache:
    """Make a cache; inside Lambda it starts with the newest orders.

    Under SnapStart each environment that is restored starts with them: a snapshot's connection,
    orders, id and age would be those of another.
    https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
    """
    first, second = OrderCache(settings().cache_max_entries), second_level()
    if second is None:
        _fill(first, order_reader())
        return first
    from orders.two_levels import SharedNewest, TwoLevelCache  # noqa: PLC0415

    _fill(first, SharedNewest(second, order_reader()))
    return TwoLevelCache(first, second)


def _fill(cache: OrderCache, reader: NewestReader) -> None:
    if settings().snap_start:
        from snapshot_restore_py import register_after_restore  # noqa: PLC0415 - Lambda's own

        register_after_restore(_begin, cache, reader)
    elif settings().in_lambda:
        lookup.warm(cache, reader)


def _begin(cache: OrderCache, reader: NewestReader) -> None:
    """Begin a restored environment, in less than the 10 s that Lambda allows."""
    cache.begin()
    lookup.warm(cache, reader)
