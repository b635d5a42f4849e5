"""Effects: a database before and after in, the rows that came and went out.

Ids and times that the database gives are written as the order they came in, and as a word.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from orders.database import Session

Row = dict[str, Any]
Snapshot = Mapping[str, Counter[str]]
"""Table → its rows as JSON."""

OWN_TIMES: Final = ("ingested_at", "quarantined_at", "attempted_at", "settled_at")
"""Columns that hold when something was done; `produced_at` is the event's own, unless posted."""
_TABLES: Final = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1
"""


def snapshot(session: Session) -> Snapshot:
    """Read every row of every table."""
    return {table: Counter(_rows(session, table)) for (table,) in session.run(_TABLES)}


def effect(before: Snapshot, after: Snapshot) -> dict[str, list[str]]:
    """Return the tables that changed, each with its rows that are there now and those that went."""
    numbers = _numbers(_came("quarantined_records", before, after))
    changed = {}
    for table in after:
        came = [_normal(row, table, numbers) for row in _came(table, before, after)]
        went = [_normal(row, table, numbers) for row in _came(table, after, before)]
        changed[table] = [f"+ {row}" for row in sorted(came)] + [f"- {row}" for row in sorted(went)]
    return {table: rows for table, rows in changed.items() if rows}


def _rows(session: Session, table: str) -> Iterator[str]:
    for (row,) in session.run(f"SELECT to_jsonb(one) FROM {table} AS one"):  # noqa: S608 - a name of ours
        yield json.dumps(row, sort_keys=True, ensure_ascii=False)


def _came(table: str, before: Snapshot, after: Snapshot) -> list[Row]:
    return [json.loads(row) for row in (after[table] - before[table]).elements()]


def _numbers(quarantined: list[Row]) -> dict[int, int]:
    """Give each record the number of its place in the topic."""
    ordered = sorted(quarantined, key=lambda row: (row["partition"], row["record_offset"]))
    return {row["id"]: number for number, row in enumerate(ordered)}


def _normal(row: Row, table: str, numbers: Mapping[int, int]) -> str:
    column = "id" if table == "quarantined_records" else "record_id"
    if column in row:
        row[column] = numbers.get(row[column], row[column])
    own_times = (*OWN_TIMES, "produced_at") if row.get("source") == "http" else OWN_TIMES
    row |= {column: "when it was done" for column in own_times if row.get(column)}
    return json.dumps(row, sort_keys=True, ensure_ascii=False)
