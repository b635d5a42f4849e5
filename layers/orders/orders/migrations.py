"""Migrations: numbered SQL files in dbmate's format in, a schema that has them all out.

Each is applied once, in a transaction of its own, by one process at a time.
https://github.com/amacneil/dbmate
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from orders.database import Session
from orders.errors import OrderServiceError

NEWEST: Final = "0001"
"""The version that this code needs; `orders` is ready when it is applied."""

_LOCK: Final = 7_020_713_001  # any number that no other tool takes
_TABLE: Final = "CREATE TABLE IF NOT EXISTS schema_migrations (version varchar PRIMARY KEY)"
_UP: Final = "-- migrate:up"
_DOWN: Final = "-- migrate:down"


def migrate(session: Session, folder: Path) -> list[str]:
    """Apply what is pending; return the versions applied.

    Raises InvalidRequestError or StoreUnavailableError; what was applied before stays.
    """
    with _alone(session):
        waiting = pending(session, folder)
        for version in waiting:
            statements = _part(folder, version, _UP)
            note = f"INSERT INTO schema_migrations VALUES ('{version}')"  # noqa: S608 - digits
            session.script(f"BEGIN;\n{statements};\n{note};\nCOMMIT")
        return waiting


def rollback(session: Session, folder: Path) -> str | None:
    """Take the last migration back; return its version, or None when there is none."""
    with _alone(session):
        applied = _applied(session)
        if not applied:
            return None
        statements = _part(folder, applied[-1], _DOWN)
        note = f"DELETE FROM schema_migrations WHERE version = '{applied[-1]}'"  # noqa: S608 - digits
        session.script(f"BEGIN;\n{statements};\n{note};\nCOMMIT")
        return applied[-1]


def pending(session: Session, folder: Path) -> list[str]:
    """Return the versions that are not applied yet, in their order."""
    session.script(_TABLE)
    return sorted(_files(folder).keys() - set(_applied(session)))


def _applied(session: Session) -> list[str]:
    session.script(_TABLE)
    rows = session.run("SELECT version FROM schema_migrations ORDER BY version")
    return [version for (version,) in rows]


def _files(folder: Path) -> dict[str, Path]:
    return {path.name.partition("_")[0]: path for path in folder.glob("[0-9]*_*.sql")}


def _part(folder: Path, version: str, marker: str) -> str:
    up, _, down = _files(folder)[version].read_text(encoding="utf-8").partition(_DOWN)
    statements = up.partition(_UP)[2] if marker == _UP else down
    return statements.strip().rstrip(";")


@contextmanager
def _alone(session: Session) -> Iterator[None]:
    session.script(f"SELECT pg_advisory_lock({_LOCK})")
    try:
        yield
    except OrderServiceError:
        session.script("ROLLBACK")
        raise
    finally:
        session.script(f"SELECT pg_advisory_unlock({_LOCK})")
