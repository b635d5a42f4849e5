"""Bootstrap: settings in, the objects of one execution environment out; the only place that wires.

Each is made once and connects when it is first used.
"""

from functools import cache as once

from orders import lookup
from orders.cache import OrderCache
from orders.config import Settings
from orders.database import Database
from orders.repository import PostgresOrderReader, PostgresOrderStore


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


def order_cache() -> OrderCache:
    """Make a cache; inside Lambda it starts with the newest orders."""
    cache = OrderCache(settings().cache_max_entries)
    if settings().in_lambda:
        lookup.warm(cache, order_reader())
    return cache
