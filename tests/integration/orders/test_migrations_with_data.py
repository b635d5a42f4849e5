"""No migration loses what is stored, neither on its way up nor down."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from orders import migrations
from orders.config import Settings
from orders.database import Database, Row, Session
from orders.repository import PostgresOrderReader
from orders.validation import Accepted, judge
from tests.integration.conftest import SQL
from tests.unit.orders.made import ORDER_UID, record, sample

Tables = dict[str, list[dict[str, Any]]]

TABLES: Final = (
    *("orders", "deliveries", "payments", "items"),
    *("quarantined_records", "ingested_offsets"),
)
FIRST: Final = sample(
    order_uid="first", items=sample()["items"] * 3, date_created="2021-11-26T06:22:19.120+03:00"
)
REFUSED_RECORDS: Final = r"""
INSERT INTO quarantined_records (topic, partition, record_offset, produced_at, timestamp_type,
    key, value, headers, code, faults, order_uid, validator_version)
VALUES
    ('orders', 0, 2, '2026-11-21T09:00:00.123Z', 'CREATE_TIME', '\x00ff', '\x7b00ff',
     '[{"name": "trace", "value": "AP8="}, {"name_base64": "/w==", "value": ""}]', 'not_utf8',
     '[{"path": "", "code": "not_utf8", "sentence": "It is not UTF-8."}]', NULL, 1),
    ('orders', 0, 3, '2026-11-21T09:00:01Z', 'CREATE_TIME', 'first', '{}', '[]', 'conflict',
     '[{"path": "/order_uid", "code": "conflict", "sentence": "It is taken."}]', 'first', 1),
    ('orders', 1, 0, NULL, 'NO_TIMESTAMP_TYPE', NULL, NULL, '[]', 'tombstone',
     '[{"path": "", "code": "tombstone", "sentence": "It is empty."}]', NULL, 1)
"""
LEDGER: Final = """
INSERT INTO ingested_offsets VALUES ('orders', 0, '{[0,4)}', 1), ('orders', 1, '{[0,1)}', 0)
"""
# What people did at 0002: one record was mended and stored in its place, another thrown away.
USE: Final = """
UPDATE quarantined_records SET state = 'redriven', attempts = 2, settled_at = now(),
    settled_by = 'someone', stored_order_uid = 'mended' WHERE code = 'not_utf8';
INSERT INTO quarantine_attempts (record_id, number, actor, outcome, validator_version, document)
SELECT id, 2, 'someone', 'stored', 2, '{}' FROM quarantined_records WHERE state = 'redriven';
UPDATE quarantined_records SET state = 'discarded', reason = 'a test', settled_at = now(),
    settled_by = 'someone' WHERE code = 'tombstone';
"""
# Everything that a migration can change, whatever order it was made in.
SCHEMA: Final = """
SELECT 'column', table_name, column_name, concat_ws(' ', data_type, is_nullable, column_default)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'comment', objoid::regclass::text, objsubid::text, description
FROM pg_description WHERE classoid = 'pg_class'::regclass
    AND objoid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
UNION ALL SELECT 'view', viewname, '', definition FROM pg_views WHERE schemaname = 'public'
ORDER BY 1, 2, 3
"""


@pytest.fixture
def reader(settings: Settings) -> Iterator[PostgresOrderReader]:
    database = Database(settings)
    yield PostgresOrderReader(database)
    database.close()


@pytest.fixture
def first(session: Session, tmp_path: Path) -> Tables:
    """Give what a database at the first migration holds: orders, refused records, the ledger."""
    shutil.copy(SQL / "0001_orders.sql", tmp_path)
    migrations.migrate(session, tmp_path)
    store(session, sample(), {"topic": "orders", "partition": 0, "record_offset": 0})
    store(session, FIRST, {"topic": "orders", "partition": 0, "record_offset": 1})
    session.run(REFUSED_RECORDS)
    session.run(LEDGER)
    return held(session)


@pytest.mark.parametrize("version", sorted(path.name[:4] for path in SQL.glob("*.sql")))
def test_each_way_down_leads_back_to_where_its_way_up_began(
    session: Session, tmp_path: Path, version: str
) -> None:
    up_to(version, tmp_path, session)
    (file,) = SQL.glob(f"{version}_*.sql")
    before = schema(session)
    shutil.copy(file, tmp_path)
    migrations.migrate(session, tmp_path)
    above = schema(session)

    migrations.rollback(session, tmp_path)

    assert schema(session) == before != above


def test_everything_is_there_after_the_way_up(
    session: Session, reader: PostgresOrderReader, first: Tables
) -> None:
    migrations.migrate(session, SQL)

    assert kept(first, session) == first
    assert document(reader, ORDER_UID) == sample()
    assert document(reader, "first") == FIRST
    assert session.run("SELECT DISTINCT source FROM orders") == [["kafka"]]
    assert session.run("SELECT state, attempts FROM quarantined_records") == [["open", 1]] * 3
    assert session.run("SELECT number, actor, outcome, faults FROM quarantine_attempts") == [
        [1, "ingestion", "refused", refused["faults"]] for refused in first["quarantined_records"]
    ]


def test_the_code_before_can_still_write_while_a_deployment_is_under_way(
    session: Session, first: Tables
) -> None:
    migrations.migrate(session, SQL)
    columns = ", ".join(first["orders"][0])

    session.run("CREATE TABLE written AS SELECT * FROM orders WHERE order_uid = 'first'")
    session.run("UPDATE written SET order_uid = 'second'")
    session.run(f"INSERT INTO orders ({columns}) SELECT {columns} FROM written")  # noqa: S608 - ours

    assert session.run("SELECT source FROM orders WHERE order_uid = 'second'") == [["kafka"]]


def test_no_order_and_no_record_is_lost_on_the_way_down_whatever_was_done_above(
    session: Session, reader: PostgresOrderReader, first: Tables
) -> None:
    migrations.migrate(session, SQL)
    use(session)

    take_back("0002", session)

    assert document(reader, "posted") == sample(order_uid="posted")
    assert untouched(kept(first, session)) == first


def test_the_way_up_can_be_gone_again_with_all_that_was_done(
    session: Session, reader: PostgresOrderReader, first: Tables
) -> None:
    migrations.migrate(session, SQL)
    use(session)
    used = held(session)
    take_back("0002", session)

    migrations.migrate(session, SQL)

    assert held(session)["orders"] == used["orders"]
    assert untouched(kept(first, session)) == first
    assert document(reader, "first") == FIRST
    states = "SELECT code, state, stored_order_uid FROM quarantined_records ORDER BY code"
    assert session.run(states) == [
        ["conflict", "open", None],
        ["not_utf8", "redriven", "mended"],
        ["tombstone", "discarded", None],
    ]


def up_to(version: str, folder: Path, session: Session) -> None:
    """Apply every migration before this one, from a folder of their own."""
    for path in SQL.glob("*.sql"):
        if path.name[:4] < version:
            shutil.copy(path, folder)
    migrations.migrate(session, folder)


def use(session: Session) -> None:
    """Do at 0002 what 0001 knows nothing of."""
    place = {"topic": "orders", "partition": 0, "record_offset": 2}
    produced = {"produced_at": "2026-11-21T09:00:00.123Z"}
    store(session, sample(order_uid="posted"), {"source": "http"})
    store(session, sample(order_uid="mended"), {"source": "kafka", **place, **produced})
    session.script(USE)


def take_back(version: str, session: Session) -> None:
    """Take everything back down to this version, which is taken back too."""
    while migrations.rollback(session, SQL) != version:
        pass


def store(session: Session, order: dict[str, Any], provenance: dict[str, object]) -> None:
    """Store an order by SQL alone: the code of today needs the newest schema."""
    verdict = judge(record(order))
    assert isinstance(verdict, Accepted)
    uid, written = order["order_uid"], order["date_created"]
    own = {"date_created_text": written, "content_digest": rf"\x{verdict.digest.hex()}"}
    arrived = {"produced_at": None, "ingested_at": "2026-11-21T09:00:00.5+00:00"}
    insert(session, "orders", {**order, **own, **arrived, **provenance})
    insert(session, "deliveries", {**order["delivery"], "order_uid": uid})
    insert(session, "payments", {**order["payment"], "order_uid": uid})
    for position, item in enumerate(order["items"]):
        insert(session, "items", {**item, "order_uid": uid, "position": position})


def insert(session: Session, table: str, row: dict[str, Any]) -> None:
    session.run(
        f"INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, :row::json)",  # noqa: S608 - ours
        row=json.dumps(row),
    )


def held(session: Session) -> Tables:
    """Read the tables whole."""
    return {
        table: [row for (row,) in session.run(f"SELECT to_jsonb(t) FROM {table} AS t ORDER BY t")]  # noqa: S608 - ours
        for table in TABLES
    }


def kept(before: Tables, session: Session) -> Tables:
    """Read of the tables the columns that they had before."""
    return {
        table: [{name: row[name] for name in before[table][0]} for row in rows]
        for table, rows in held(session).items()
    }


def untouched(tables: Tables) -> Tables:
    """Look away from what `use` changed."""
    return {
        table: [
            {**row, "state": "open"} if table == "quarantined_records" else row
            for row in rows
            if row.get("order_uid") not in ("posted", "mended")
        ]
        for table, rows in tables.items()
    }


def document(reader: PostgresOrderReader, order_uid: str) -> object:
    found = reader.find(order_uid, seconds=5)
    assert found
    return json.loads(found.body)


def schema(session: Session) -> list[Row]:
    return session.run(SCHEMA)
