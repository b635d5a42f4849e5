"""Bootstrap: settings in, the objects of one execution environment out; the only place that wires.

Each is made once and connects when it is first used.
"""

from functools import cache as once
from functools import partial

from orders import lookup, validation
from orders.cache import OrderCache
from orders.config import Settings
from orders.database import Database
from orders.repository import PostgresOrderReader, PostgresOrderStore, PostgresQuarantine
from orders.settlement import Judge


@once
def settings() -> Settings:
    """Return this environment's settings."""
    return Settings.from_env()


@once
def database() -> Database:
    """Return this environment's database."""
    return Database(settings())


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


def order_cache() -> OrderCache:
    """Make a cache; inside Lambda it starts with the newest orders.

    Under SnapStart each environment that is restored starts with them: a snapshot's connection,
    orders, id and age would be those of another.
    https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
    """
    cache = OrderCache(settings().cache_max_entries)
    if settings().snap_start:
        from snapshot_restore_py import register_after_restore  # noqa: PLC0415 - Lambda's own

        register_after_restore(_begin, cache)
    elif settings().in_lambda:
        lookup.warm(cache, order_reader())
    return cache


def _begin(cache: OrderCache) -> None:
    """Begin a restored environment, in less than the 10 s that Lambda allows."""
    cache.begin()
    lookup.warm(cache, order_reader())
