"""Repository: the only SQL. Orders, refused records and offsets in; the same out."""

from orders.repository.quarantine import PostgresQuarantine
from orders.repository.reading import PostgresOrderReader
from orders.repository.writing import PostgresOrderStore

__all__ = ["PostgresOrderReader", "PostgresOrderStore", "PostgresQuarantine"]
