"""The schema is built once, by one process at a time, and can be taken back."""

import threading
from pathlib import Path

import pytest

from orders import migrations
from orders.config import Settings
from orders.database import Database, Session
from orders.errors import StoreUnavailableError
from orders.repository import PostgresOrderReader
from tests.integration.orders.conftest import SQL


def test_migrations_are_applied_once(settings: Settings) -> None:
    session = Database(settings).connect()

    assert migrations.pending(session, SQL) == [migrations.NEWEST]
    assert migrations.migrate(session, SQL) == [migrations.NEWEST]
    assert migrations.migrate(session, SQL) == []
    assert migrations.pending(session, SQL) == []
    session.close()


def test_the_newest_file_is_the_one_that_the_code_needs() -> None:
    assert max(path.name for path in SQL.glob("*.sql")).startswith(migrations.NEWEST + "_")


def test_a_migration_is_taken_back_and_applied_again(settings: Settings) -> None:
    session = Database(settings).connect()
    migrations.migrate(session, SQL)

    assert migrations.rollback(session, SQL) == migrations.NEWEST

    assert tables(session) == ["schema_migrations"]
    assert migrations.rollback(session, SQL) is None
    assert migrations.migrate(session, SQL) == [migrations.NEWEST]
    session.close()


def test_a_migration_that_fails_leaves_nothing_and_the_earlier_ones_stay(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "0001_a.sql").write_text("-- migrate:up\nCREATE TABLE a ();\n-- migrate:down\n")
    (tmp_path / "0002_b.sql").write_text("-- migrate:up\nCREATE TABLE b ();\nSELECT 1/0;\n")
    session = Database(settings).connect()

    with pytest.raises(Exception, match="division by zero"):
        migrations.migrate(session, tmp_path)

    assert tables(session) == ["a", "schema_migrations"]
    assert migrations.pending(session, tmp_path) == ["0002"]
    session.close()


def test_two_processes_may_migrate_at_once(settings: Settings) -> None:
    applied: list[str] = []

    def migrate() -> None:
        session = Database(settings).connect()
        applied.extend(migrations.migrate(session, SQL))
        session.close()

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert applied == [migrations.NEWEST]


def test_ready_means_migrated(settings: Settings) -> None:
    database = Database(settings)
    reader = PostgresOrderReader(database)
    with pytest.raises(StoreUnavailableError):
        reader.is_migrated(migrations.NEWEST, seconds=2)

    session = database.connect()
    migrations.migrate(session, SQL)

    assert reader.is_migrated(migrations.NEWEST, seconds=2)
    assert not reader.is_migrated("9999", seconds=2)
    session.close()
    database.close()


def tables(session: Session) -> list[str]:
    rows = session.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [name for (name,) in rows]
