"""Migrations: numbered SQL files in dbmate's format in, a schema that has them all out.

Each is applied once, in a transaction of its own, by one process at a time; one that fails, or
whose process dies, leaves the schema as it was.
https://github.com/amacneil/dbmate
"""

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from orders.database import Database, Session
from orders.errors import OrderServiceError, StoreUnavailableError

NEWEST: Final = "0002"
"""The version that this code needs; `orders` is ready when it is applied."""

LOCK: Final = 7_020_713_001
"""The advisory lock of whoever migrates: any number that no other tool takes."""

MOST_SECONDS: Final = 600.0
"""How long the migrations of one call may take, unless it is told otherwise."""

_CONNECT_SECONDS: Final = 30.0  # a database that is paused takes half of that to wake
_TABLE_LOCK_SECONDS: Final = 10.0  # while a change waits for a table, all who come later wait too
_LAYER: Final = "/opt"
_TABLE: Final = "CREATE TABLE IF NOT EXISTS schema_migrations (version varchar PRIMARY KEY)"
_UP: Final = "-- migrate:up"
_DOWN: Final = "-- migrate:down"
_HOLDER: Final = """
SELECT pid FROM pg_locks
WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) | objid::bigint = :key::bigint
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class MigrationError(OrderServiceError):
    """A migration failed, and nothing of it is kept; the message names it."""

    code = "migration_failed"


def folder() -> Path:
    """Return where the migrations are: in a layer, which is /opt on AWS, or a folder on the path.

    Raises MigrationError when no folder holds the newest.
    """
    for place in map(Path, (_LAYER, *sys.path)):
        if next(place.glob(f"{NEWEST}_*.sql"), None):
            return place
    message = f"no file of migration {NEWEST} is in {_LAYER} or on the path: its layer is missing"
    raise MigrationError(message)


def bring_to_newest(database: Database, *, seconds: float) -> list[str]:
    """Apply what is pending on a connection of its own; return the versions applied.

    Raises MigrationError or StoreUnavailableError.
    """
    with closing(database.connect(min(seconds, _CONNECT_SECONDS))) as session:
        return migrate(session, folder(), seconds=seconds)


def migrate(session: Session, folder: Path, *, seconds: float = MOST_SECONDS) -> list[str]:
    """Apply what is pending; return the versions applied.

    Raises MigrationError or StoreUnavailableError and closes the session; what was applied before
    the one that failed stays.
    """
    deadline = time.monotonic() + seconds
    with _alone(session, seconds):
        session.script(_TABLE)
        waiting = pending(session, folder)
        for version in waiting:
            note = f"INSERT INTO schema_migrations VALUES ('{version}')"  # noqa: S608 - digits
            _change(session, f"{_part(folder, version, _UP)};\n{note}", version, deadline)
        return waiting


def rollback(session: Session, folder: Path, *, seconds: float = MOST_SECONDS) -> str | None:
    """Take the last migration back; return its version, or None when there is none.

    Raises as `migrate` does.
    """
    deadline = time.monotonic() + seconds
    with _alone(session, seconds):
        versions = applied(session)
        if not versions:
            return None
        version = versions[-1]
        note = f"DELETE FROM schema_migrations WHERE version = '{version}'"  # noqa: S608 - digits
        _change(session, f"{_part(folder, version, _DOWN)};\n{note}", version, deadline)
        return version


def pending(session: Session, folder: Path) -> list[str]:
    """Return the versions that are not applied yet, in their order; changes nothing."""
    return sorted(_files(folder).keys() - set(applied(session)))


def applied(session: Session) -> list[str]:
    """Return the versions that are applied, in their order."""
    if session.run("SELECT to_regclass('schema_migrations')::text") == [[None]]:
        return []
    rows = session.run("SELECT version FROM schema_migrations ORDER BY version")
    return [version for (version,) in rows]


def _files(folder: Path) -> dict[str, Path]:
    return {path.name.partition("_")[0]: path for path in folder.glob("[0-9]*_*.sql")}


def _part(folder: Path, version: str, marker: str) -> str:
    file = _files(folder).get(version)
    text = file.read_text(encoding="utf-8") if file else ""
    if marker not in text:
        message = f"migration {version} cannot be run: {file or folder} has no `{marker}` of it"
        raise MigrationError(message)
    return text.partition(marker)[2].partition(_DOWN)[0].strip().rstrip(";")


def _change(session: Session, statements: str, version: str, deadline: float) -> None:
    seconds = deadline - time.monotonic()
    session.allow(seconds + 1)  # the server's own limit comes first: it says what it cut off
    limits = f"SET LOCAL statement_timeout = {_milliseconds(seconds)}; "
    limits += f"SET LOCAL lock_timeout = {_milliseconds(min(seconds, _TABLE_LOCK_SECONDS))}"
    try:
        session.script(f"BEGIN; {limits};\n{statements}")
        session.script("COMMIT")  # apart: whoever is gone by then has changed nothing
    except OrderServiceError as error:
        message = f"migration {version} failed: {error}"
        raise MigrationError(message) from error


@contextmanager
def _alone(session: Session, seconds: float) -> Iterator[None]:
    session.allow(seconds)
    try:
        _lock(session, seconds / 2)  # the other half is for the work
        yield
        session.script(f"SELECT pg_advisory_unlock({LOCK})")
    except BaseException:
        session.close()  # which takes back what was begun, and gives the lock back
        raise


def _lock(session: Session, seconds: float) -> None:
    if session.run(f"SELECT pg_try_advisory_lock({LOCK})") == [[True]]:
        return
    limit = f"SET LOCAL lock_timeout = {_milliseconds(seconds)}"
    try:
        session.script(f"BEGIN; {limit}; SELECT pg_advisory_lock({LOCK}); COMMIT")
    except StoreUnavailableError as error:
        session.script("ROLLBACK")
        pids = ", ".join(str(pid) for (pid,) in session.run(_HOLDER, key=str(LOCK)))
        message = (
            f"another process migrates this database and was not through after {seconds:.0f} s"
            f" (its pid in pg_stat_activity: {pids}): {error}"
        )
        raise MigrationError(message, code="migration_locked") from error


def _milliseconds(seconds: float) -> int:
    return max(int(seconds * 1000), 1)  # 0 would be for ever
