"""The schema is built once, by one process at a time; whatever fails leaves it as it was."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from orders import migrations
from orders.config import Settings
from orders.database import Database, Session
from orders.errors import StoreUnavailableError
from orders.migrations import MigrationError
from orders.repository import PostgresOrderReader
from tests.integration.conftest import SQL
from tests.integration.orders.at_once import at_once
from tests.servers import ROOT, wait_until

VERSIONS: Final = sorted(path.name.partition("_")[0] for path in SQL.glob("*.sql"))
MIGRATING: Final = """
SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.5)%' AND pid <> pg_backend_pid()
"""
MIGRATE: Final = """
import pathlib, sys
from orders import migrations
from orders.config import Settings
from orders.database import Database
migrations.migrate(Database(Settings.from_env()).connect(), pathlib.Path(sys.argv[1]))
"""


@pytest.fixture
def other(settings: Settings) -> Iterator[Session]:
    """Give a second connection to the same database."""
    session = Database(settings).connect()
    yield session
    session.close()


def test_migrations_are_applied_once(session: Session) -> None:
    assert migrations.pending(session, SQL) == VERSIONS

    assert migrations.migrate(session, SQL) == VERSIONS

    assert migrations.migrate(session, SQL) == []
    assert migrations.pending(session, SQL) == []


def test_each_file_has_a_number_of_its_own_and_the_newest_is_what_the_code_needs() -> None:
    assert len(set(VERSIONS)) == len(VERSIONS)
    assert VERSIONS[-1] == migrations.NEWEST


def test_asking_what_is_pending_changes_nothing(session: Session) -> None:
    migrations.pending(session, SQL)

    assert tables(session) == []


def test_migrations_are_taken_back_one_by_one_and_applied_again(session: Session) -> None:
    migrations.migrate(session, SQL)

    taken_back = [migrations.rollback(session, SQL) for _ in VERSIONS]

    assert taken_back == VERSIONS[::-1]
    assert tables(session) == ["schema_migrations"]
    assert migrations.rollback(session, SQL) is None
    assert migrations.migrate(session, SQL) == VERSIONS


def test_a_migration_that_fails_is_named_and_leaves_nothing_and_the_earlier_ones_stay(
    session: Session, other: Session, tmp_path: Path
) -> None:
    write(tmp_path, "0001_a", "CREATE TABLE a ()")
    write(tmp_path, "0002_b", "CREATE TABLE b ();\nSELECT 1/0;")

    with pytest.raises(MigrationError, match=r"^migration 0002 failed: division by zero"):
        migrations.migrate(session, tmp_path)

    assert tables(other) == ["a", "schema_migrations"]
    assert migrations.pending(other, tmp_path) == ["0002"]


def test_a_way_back_that_fails_leaves_the_migration_applied(
    session: Session, other: Session, tmp_path: Path
) -> None:
    write(tmp_path, "0001_a", "CREATE TABLE a ()", down="DROP TABLE a; SELECT 1/0")
    migrations.migrate(session, tmp_path)

    with pytest.raises(MigrationError, match=r"^migration 0001 failed: division by zero"):
        migrations.rollback(session, tmp_path)

    assert tables(other) == ["a", "schema_migrations"]
    assert migrations.pending(other, tmp_path) == []


def test_a_migration_that_takes_too_long_is_given_up_by_the_server_too(
    session: Session, other: Session, tmp_path: Path
) -> None:
    write(tmp_path, "0001_slow", "CREATE TABLE a (); SELECT pg_sleep(60)")

    with pytest.raises(MigrationError, match=r"^migration 0001 failed: "):
        migrations.migrate(session, tmp_path, seconds=0.3)

    assert migrations.migrate(other, SQL, seconds=10) == VERSIONS
    assert "a" not in tables(other)


def test_nobody_waits_long_behind_a_migration_that_waits_for_a_table(
    session: Session, tmp_path: Path
) -> None:
    write(tmp_path, "0001_a", "CREATE TABLE a AS SELECT current_setting('lock_timeout') AS waits")

    migrations.migrate(session, tmp_path)

    assert session.run("SELECT waits FROM a") == [["10s"]]


def test_a_process_that_is_killed_in_the_middle_leaves_nothing_half_done(
    environment: dict[str, str], session: Session, tmp_path: Path
) -> None:
    write(tmp_path, "0001_slow", "CREATE TABLE a (); SELECT pg_sleep(0.5)")
    path = {"PYTHONPATH": str(ROOT / "layers" / "orders")}
    command = [sys.executable, "-c", MIGRATE, str(tmp_path)]
    process = subprocess.Popen(command, env=environment | path)
    wait_until(lambda: session.run(MIGRATING), "the migration to run")

    process.kill()
    process.wait()

    wait_until(lambda: not session.run(MIGRATING), "the server to notice")
    assert migrations.pending(session, tmp_path) == ["0001"]
    assert tables(session) == ["schema_migrations"]
    assert migrations.migrate(session, tmp_path) == ["0001"]


def test_several_processes_may_migrate_at_once(settings: Settings) -> None:
    applied: list[str] = []

    def migrate() -> None:
        session = Database(settings).connect()
        applied.extend(migrations.migrate(session, SQL))
        session.close()

    assert at_once(*[migrate] * 3) == []

    assert applied == VERSIONS


def test_whoever_waits_in_vain_for_another_process_is_told_which_one(
    session: Session, other: Session, tmp_path: Path
) -> None:
    write(tmp_path, "0001_a", "CREATE TABLE a ()")
    other.run(f"SELECT pg_advisory_lock({migrations.LOCK})")
    ((pid,),) = other.run("SELECT pg_backend_pid()")

    with pytest.raises(MigrationError, match=rf"another process .*activity: {pid}\)") as told:
        migrations.migrate(session, tmp_path, seconds=0.2)

    assert told.value.code == "migration_locked"
    assert migrations.pending(other, tmp_path) == ["0001"]


def test_a_file_that_does_not_say_what_to_do_is_refused(session: Session, tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_text("CREATE TABLE a ()")

    with pytest.raises(MigrationError, match=r"0001 cannot be run: .* has no `-- migrate:up`"):
        migrations.migrate(session, tmp_path)


def test_what_newer_code_applied_cannot_be_taken_back_by_older(
    session: Session, other: Session, tmp_path: Path
) -> None:
    migrations.migrate(session, SQL)

    with pytest.raises(MigrationError, match=f"{VERSIONS[-1]} cannot be run: .*`-- migrate:down`"):
        migrations.rollback(session, tmp_path)

    assert migrations.pending(other, SQL) == []


def test_ready_means_migrated(settings: Settings, session: Session) -> None:
    database = Database(settings)
    reader = PostgresOrderReader(database)
    with pytest.raises(StoreUnavailableError):
        reader.is_migrated(migrations.NEWEST, seconds=2)

    migrations.migrate(session, SQL)

    assert reader.is_migrated(migrations.NEWEST, seconds=2)
    assert not reader.is_migrated("9999", seconds=2)
    database.close()


def tables(session: Session) -> list[str]:
    rows = session.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [name for (name,) in rows]


def write(folder: Path, name: str, up: str, down: str = "") -> None:
    (folder / f"{name}.sql").write_text(f"-- migrate:up\n{up}\n-- migrate:down\n{down}\n")
