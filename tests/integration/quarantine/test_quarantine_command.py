"""The command in a process of its own, on records that the real ingestion refused."""

import json
import shlex
import signal
import sys
from pathlib import Path

import pytest

from devstack.producer.bad_records import KINDS
from devstack.producer.orders import order
from orders.database import Database
from orders.migrations import NEWEST
from tests.integration.conftest import Query
from tests.integration.quarantine.command import QuarantineCommand
from tests.integration.quarantine.conftest import Ingest
from tests.servers import PostgresServer, wait_until
from tests.unit.orders.made import record, records, sample

UID = "b563feb7b2b84b6test"
LOWER_CASE = sample(payment__currency="usd")
OFF_BY_ONE = 2_000
EDIT = """
import pathlib, sys
file = pathlib.Path(sys.argv[1])
file.write_text(file.read_text().replace("usd", "USD"))
"""


def inconsistent(number: int) -> dict[str, object]:
    """Make an order that only strict rules refuse."""
    made = order(seed=5, number=number)
    return {**made, "payment": {**made["payment"], "amount": made["payment"]["amount"] + 1}}


def test_every_kind_of_refused_record_can_be_listed_and_shown(
    quarantine: QuarantineCommand, ingested: Ingest
) -> None:
    kinds = list(KINDS.values())
    values = [kind.spoil(order(seed=1, number=n)) for n, kind in enumerate(kinds)]
    ingested(records(*values))

    listed = quarantine("list", "--json", "--limit", len(kinds)).lines
    by_code = quarantine("list", "--by-code", "--json").lines

    assert [(one["id"], one["code"]) for one in reversed(listed)] == [
        (number, kind.code) for number, kind in enumerate(kinds, start=1)
    ]
    assert sum(one["records"] for one in by_code) == len(kinds)
    for number in (1, len(kinds)):
        status, raw, _ = quarantine.bytes("show", number, "--raw")
        assert (status, raw) == (0, values[number - 1] or b"")
        shown = quarantine("show", number)
        assert (shown.status, shown.err) == (0, "")
        assert kinds[number - 1].code in shown.out


def test_a_conflict_shows_both_orders_and_where_they_differ(
    quarantine: QuarantineCommand, ingested: Ingest
) -> None:
    newcomer = sample(locale="ru", customer_id="somebody else")
    ingested(records(sample(), newcomer))

    shown = quarantine("show", 1, "--json").summary
    told = quarantine("show", 1).out

    assert shown["conflict"]["stored"] == sample()
    assert shown["conflict"]["received"] == newcomer
    assert shown["conflict"]["differences"] == [
        {"path": "/locale", "stored": "en", "received": "ru"},
        {"path": "/customer_id", "stored": "test", "received": "somebody else"},
    ]
    assert '/locale       "en"    "ru"' in told


def test_a_field_is_corrected_and_the_order_stored(
    quarantine: QuarantineCommand, ingested: Ingest, query: Query
) -> None:
    ingested([record(LOWER_CASE)])

    dry = quarantine("fix", 1, "--set", '/payment/currency="USD"', "--dry-run", "--json")
    assert (dry.status, dry.summary["outcome"]) == (0, "accepted")
    assert query("SELECT state, attempts FROM quarantined_records") == [["open", 1]]

    fixed = quarantine("fix", "--code", "bad_format", "--set", '/payment/currency="USD"')
    shown = quarantine("show", 1, "--json").summary

    assert (fixed.status, fixed.err) == (0, "")
    assert fixed.out == f"record 1 is redriven: order {UID} is stored\n"
    assert query("SELECT order_uid, topic, record_offset FROM orders") == [[UID, "orders", 0]]
    assert (shown["state"], shown["stored_order_uid"]) == ("redriven", UID)
    assert shown["settled_by"] == "cli:ann"
    assert json.loads(shown["value"]["text"]) == LOWER_CASE
    assert json.loads(shown["attempts"][1]["document"]["text"]) == sample()


def test_a_document_from_standard_input_or_an_editor_takes_its_place(
    quarantine: QuarantineCommand, ingested: Ingest, query: Query, tmp_path: Path
) -> None:
    ingested(records(b"order 7", LOWER_CASE))
    other = sample(order_uid="other")
    editor = shlex.join([sys.executable, "-c", EDIT])

    typed = quarantine("fix", 1, "--file", "-", typed=json.dumps(other))
    edited = quarantine("fix", 2, VISUAL=editor, TMPDIR=str(tmp_path))

    assert (typed.status, edited.status) == (0, 0)
    assert "payment.currency must be three capital letters" in edited.err
    assert query("SELECT order_uid FROM orders ORDER BY 1") == [[UID], ["other"]]
    assert list(tmp_path.glob("quarantined-*")) == []


def test_two_thousand_are_redriven_when_the_rule_is_relaxed_and_each_lands_once(
    quarantine: QuarantineCommand, ingested: Ingest, query: Query
) -> None:
    ingested(records(*map(inconsistent, range(OFF_BY_ONE)), LOWER_CASE))

    strict = quarantine("redrive", "--all", "--dry-run", "--json", STRICT_TOTALS="true")
    before = query("SELECT count(*) FROM orders"), query("SELECT count(*) FROM quarantine_attempts")
    dry = quarantine("redrive", "--all", "--dry-run", "--json", STRICT_TOTALS="false")
    after = query("SELECT count(*) FROM orders"), query("SELECT count(*) FROM quarantine_attempts")
    done = quarantine("redrive", "--code", "inconsistent_total", STRICT_TOTALS="false")
    again = quarantine("redrive", "--all", "--json", STRICT_TOTALS="false")

    assert strict.summary["refused_by_code"] == {"inconsistent_total": OFF_BY_ONE, "bad_format": 1}
    assert (dry.status, dry.summary["stored"], dry.summary["refused"]) == (1, OFF_BY_ONE, 1)
    assert before == after
    assert (done.status, done.out.splitlines()[:2]) == (
        0,
        [f"tried {OFF_BY_ONE} records again", f"  stored: {OFF_BY_ONE}"],
    )
    assert (again.status, again.summary["stored"], again.summary["refused"]) == (1, 0, 1)
    assert query("SELECT count(*), count(DISTINCT order_uid) FROM orders") == [[OFF_BY_ONE] * 2]
    assert query("SELECT state, count(*) FROM quarantined_records GROUP BY state ORDER BY 1") == [
        ["open", 1],
        ["redriven", OFF_BY_ONE],
    ]


def test_the_loop_guard_passes_over_what_was_tried_too_often(
    quarantine: QuarantineCommand, ingested: Ingest, query: Query
) -> None:
    ingested([record(LOWER_CASE)])

    done = [quarantine("redrive", 1, "--json") for _ in range(5)]
    forced = quarantine("redrive", 1, "--force", "--json")

    assert [one.summary["refused"] for one in done] == [1, 1, 1, 1, 0]
    assert done[-1].summary["passed_over"] == 1
    assert (forced.status, forced.summary["refused"]) == (1, 1)
    assert query("SELECT attempts FROM quarantined_records") == [[6]]


def test_what_is_discarded_stays_with_its_reason(
    quarantine: QuarantineCommand, ingested: Ingest, query: Query
) -> None:
    ingested(records(b"order 7", b"order 8", LOWER_CASE))

    dry = quarantine("discard", "--code", "not_json", "--reason", "тест", "--dry-run", "--json")
    assert dry.summary == {"dry_run": True, "discarded": 2, "settled_before": 0}
    assert query("SELECT DISTINCT state FROM quarantined_records") == [["open"]]

    done = quarantine("discard", "--code", "not_json", "--reason", "тест")

    assert (done.status, done.out) == (0, "discarded 2 records: тест\n")
    closed = "SELECT id, settled_by, reason FROM quarantined_records WHERE state = 'discarded'"
    assert query(closed) == [[1, "cli:ann", "тест"], [2, "cli:ann", "тест"]]
    assert [one["id"] for one in quarantine("list", "--json").lines] == [3]


def test_an_interrupted_redrive_keeps_the_slices_that_are_done(
    quarantine: QuarantineCommand, ingested: Ingest, query: Query, database: Database
) -> None:
    ingested(records(*map(inconsistent, range(OFF_BY_ONE))))
    holder = database.connect()
    holder.script("BEGIN; SELECT FROM quarantined_records WHERE id = 1500 FOR UPDATE")

    with quarantine.start("redrive", "--all", STRICT_TOTALS="false") as process:
        waiting = "SELECT FROM pg_locks WHERE NOT granted"
        wait_until(lambda: query(waiting), "the second slice to wait for record 1500")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    holder.close()

    assert (process.returncode, out) == (130, b"")
    assert err.decode() == "stopped after 1000 of 2000 records; what is done stays done\n"
    assert query("SELECT count(*) FROM orders") == [[1000]]
    assert query("SELECT count(*) FROM quarantined_records WHERE state = 'open'") == [[1000]]


def test_a_record_that_is_not_there_is_told_in_one_line(quarantine: QuarantineCommand) -> None:
    shown = quarantine("show", 7)

    assert (shown.status, shown.out) == (1, "")
    assert shown.err == "devstack: There is no quarantined record 7.\n"


def test_a_database_that_is_away_or_not_migrated_is_told_in_one_line(
    quarantine: QuarantineCommand, postgres: PostgresServer, query: Query
) -> None:
    away = quarantine("list", DB_PORT="1")
    empty = quarantine("list", DB_NAME=postgres.create_database())
    locked = quarantine("list", DB_PASSWORD="wrong")
    query(f"DELETE FROM schema_migrations WHERE version = '{NEWEST}'")  # noqa: S608 - digits
    old = quarantine("list")

    told = (away, empty, locked, old)
    assert [one.status for one in told] == [1, 1, 1, 1]
    assert "devstack: PostgreSQL at 127.0.0.1:1/" in away.err
    assert "migrate it, or set the DB_ variables" in empty.err
    assert "password authentication failed" in locked.err
    assert f"migration {NEWEST} is not applied; run `python -m devstack migrate`" in old.err
    assert [one.err.count("\n") for one in told] == [1, 1, 1, 1]


@pytest.mark.parametrize("options", [[], ["--json"], ["--by-code"]])
def test_a_listing_whose_reader_went_away_ends_quietly(
    quarantine: QuarantineCommand, ingested: Ingest, options: list[str]
) -> None:
    ingested([record(b"order 7")])

    with quarantine.start("list", *options) as process:
        assert process.stdout
        process.stdout.close()
        status = process.wait(timeout=120)
        assert process.stderr
        told = process.stderr.read()

    assert (status, told) == (141, b"")
