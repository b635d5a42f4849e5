"""Every fate of a record, seen in PostgreSQL itself."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orders.config import Settings
from orders.database import Database
from orders.errors import StoreUnavailableError
from orders.ingestion import Result, ingest
from orders.model import Order
from orders.record import Fault, Record
from orders.repository import PostgresOrderReader, PostgresOrderStore
from orders.validation import judge
from tests.integration.conftest import Query
from tests.integration.orders.at_once import at_once
from tests.unit.orders.made import ORDER_UID, SAMPLE_VALUE, orders, record, records, sample

ONE_DATABASE = hypothesis_settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TABLES = (
    *("orders", "deliveries", "payments", "items"),
    *("quarantined_records", "quarantine_attempts", "ingested_offsets"),
)


def run(batch: list[Record], store: PostgresOrderStore, seconds: float = 30.0) -> Result:
    return ingest(batch, store, seconds_left=lambda: seconds)


def contents(query: Query) -> dict[str, list[Any]]:
    return {name: query(f"SELECT t::text FROM {name} AS t ORDER BY 1") for name in TABLES}  # noqa: S608 - our tables


def test_an_order_is_stored_in_its_four_tables_with_its_provenance(
    store: PostgresOrderStore, query: Query
) -> None:
    result = run([record(SAMPLE_VALUE, offset=7, partition=2)], store)

    assert result == Result(stored=1)
    (row,) = query(
        "SELECT topic, partition, record_offset, produced_at, ingested_at, date_created,"
        " date_created_text, content_digest FROM orders"
    )
    assert row[:3] == ["orders", 2, 7]
    assert row[3] == datetime.fromtimestamp(1_700_000_000.007, UTC)
    assert abs((datetime.now(UTC) - row[4]).total_seconds()) < 60
    assert row[5] == datetime(2021, 11, 26, 6, 22, 19, tzinfo=UTC)
    assert row[6] == "2021-11-26T06:22:19Z"
    assert query("SELECT city FROM deliveries") == [["Kiryat Mozkin"]]
    assert query("SELECT amount, currency FROM payments") == [[1817, "USD"]]
    assert query("SELECT position, price, brand FROM items") == [[0, 453, "Vivienne Sabo"]]


@ONE_DATABASE
@given(document=orders())
def test_what_went_in_comes_out_equal_as_json_and_canonical(
    store: PostgresOrderStore, reader: PostgresOrderReader, document: dict[str, Any]
) -> None:
    result = run([record(document)], store)

    found = reader.find(document["order_uid"], seconds=5)
    assert found
    if result.stored:  # hypothesis may draw an id twice
        assert json.loads(found.body) == document
        assert run([record(found.body.encode())], store).duplicates == 1


def test_the_database_builds_the_very_bytes_that_the_digest_is_of(
    store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    nasty = "".join(map(chr, range(1, 0x250))) + "\u2028\u2029\ufeff🙂\\N\\.\"'"
    document = sample(delivery__name=nasty, items=sample()["items"] * 3)
    (kept,) = [record(document)]
    run([kept], store)

    found = reader.find(ORDER_UID, seconds=5)

    assert found
    assert json.loads(found.body) == document
    order = Order.model_validate(document)
    assert found.body == order.model_dump_json()
    assert found.digest == order.digest().hex()


def test_items_come_back_in_their_order_wherever_they_lie(
    settings: Settings, store: PostgresOrderStore, query: Query
) -> None:
    items = [{**sample()["items"][0], "name": name} for name in ("first", "second", "third")]
    run(records(sample(items=items)), store)
    query("UPDATE items SET name = name WHERE position = 0")  # moves the row behind the others
    for way in ("indexscan", "bitmapscan"):
        query(f"ALTER DATABASE {settings.db_name} SET enable_{way} = off")
    fresh = Database(settings)

    found = PostgresOrderReader(fresh).find(ORDER_UID, seconds=5)
    fresh.close()

    assert found
    assert [item["name"] for item in json.loads(found.body)["items"]] == [
        "first",
        "second",
        "third",
    ]


def test_each_record_gets_its_fate_whatever_the_others_are(
    store: PostgresOrderStore, query: Query
) -> None:
    batch = records(
        sample(),
        b"{",
        json.dumps(sample(), indent=3).encode(),
        sample(entry="other"),
        None,
        b"",
        sample(order_uid="b", locale="x\0"),
        sample(order_uid="c"),
    )

    result = run(batch, store)

    assert (result.stored, result.duplicates) == (2, 1)
    assert query("SELECT order_uid FROM orders ORDER BY 1") == [[ORDER_UID], ["c"]]
    assert query(
        "SELECT record_offset, code, order_uid FROM quarantined_records ORDER BY record_offset"
    ) == [
        [1, "not_json", None],
        [3, "conflict", ORDER_UID],
        [4, "tombstone", None],
        [5, "empty_value", None],
        [6, "nul_character", "b"],
    ]
    assert query("SELECT offsets::text, duplicates FROM ingested_offsets") == [["{[0,8)}", 1]]


def test_quarantine_keeps_the_record_byte_for_byte(store: PostgresOrderStore, query: Query) -> None:
    headers = (("a", b"\xff\0"), ("b", b""), ("a", b"again"), ("n\0l", b"x"), ("\ud800", b"y"))
    raw = bytes(range(256))
    run([Record("orders", 0, 5, 1_700_000_000_123, "CREATE_TIME", raw, raw, headers)], store)

    (row,) = query(
        "SELECT key, value, headers, timestamp_type, produced_at, faults, state,"
        " validator_version FROM quarantined_records"
    )

    assert row[0] == row[1] == raw
    assert row[2] == [
        {"name": "a", "value": "/wA="},
        {"name": "b", "value": ""},
        {"name": "a", "value": "YWdhaW4="},
        {"name_base64": "bgBs", "value": "eA=="},
        {"name_base64": "7aCA", "value": "eQ=="},
    ]
    assert row[3:5] == ["CREATE_TIME", datetime.fromtimestamp(1_700_000_000.123, UTC)]
    assert [fault["code"] for fault in row[5]] == ["not_utf8"]
    assert row[6:] == ["open", 1]


@ONE_DATABASE
@given(
    value=st.binary() | st.none(),
    key=st.binary() | st.none(),
    headers=st.lists(st.tuples(st.text(st.characters()), st.binary())),
    moment=st.none() | st.integers(0, 253_402_300_799_999),
)
def test_quarantine_takes_any_record(
    store: PostgresOrderStore,
    value: bytes | None,
    key: bytes | None,
    headers: list[tuple[str, bytes]],
    moment: int | None,
) -> None:
    one = Record("orders", 0, 0, moment, "", key, value, tuple(headers))

    assert run([one], store).quarantined.total() == 1


def test_a_redelivery_changes_nothing(store: PostgresOrderStore, query: Query) -> None:
    batch = records(sample(), sample(), sample(entry="other"), b"{", None, b"")
    run(batch, store)
    before = contents(query)

    run(batch, store)
    run(batch[2:], store)

    assert contents(query) == before


def test_a_stored_order_is_not_quarantined_when_stricter_rules_meet_its_redelivery(
    store: PostgresOrderStore, query: Query
) -> None:
    batch = records(sample(payment__amount=1))
    run(batch, store)

    ingest(batch, store, seconds_left=lambda: 30.0, judge=partial(judge, strict_totals=True))

    assert query("SELECT count(*) FROM quarantined_records") == [[0]]


def test_a_topic_made_anew_loses_nothing(store: PostgresOrderStore, query: Query) -> None:
    run(records(sample(), b"{"), store)

    run(records(sample(order_uid="new"), b"["), store)

    assert query("SELECT count(*) FROM orders") == [[2]]
    assert query("SELECT count(*) FROM quarantined_records") == [[2]]


def test_offsets_that_never_arrived_are_one_query_away(
    store: PostgresOrderStore, query: Query
) -> None:
    run([record(b"!", offset) for offset in (3, 4, 7, 8, 12)], store)
    run([record(sample(), offset) for offset in (5, 9)], store)

    gaps = query(
        "SELECT (int8multirange(range_merge(offsets)) - offsets)::text FROM ingested_offsets"
    )

    assert gaps == [["{[6,7),[10,12)}"]]


def test_several_partitions_and_topics_are_kept_apart(
    store: PostgresOrderStore, query: Query
) -> None:
    batch = [record(sample(order_uid=f"u{p}"), 5, p) for p in (2, 0, 1)]
    other = Record('a"b\\c', 0, 1, None, "", None, b"!")

    run([*batch, other], store)

    assert query("SELECT topic, partition, offsets::text FROM ingested_offsets ORDER BY 1, 2") == [
        ['a"b\\c', 0, "{[1,2)}"],
        ["orders", 0, "{[5,6)}"],
        ["orders", 1, "{[5,6)}"],
        ["orders", 2, "{[5,6)}"],
    ]


def test_a_data_error_that_validation_missed_is_isolated_and_quarantined(
    store: PostgresOrderStore, query: Query
) -> None:
    query("ALTER TABLE payments ADD CHECK (bank <> 'unlucky')")
    batch = records(
        *(sample(order_uid=f"o{n}", payment__bank="unlucky" if n == 3 else "x") for n in range(10)),
        b"{",
    )

    result = run(batch, store)

    assert (result.stored, result.quarantined["refused_by_database"]) == (9, 1)
    assert query("SELECT record_offset, code, order_uid FROM quarantined_records ORDER BY 1") == [
        [3, "refused_by_database", "o3"],
        [10, "not_json", None],
    ]
    (row,) = query("SELECT faults FROM quarantined_records WHERE record_offset = 3")
    assert "23514" in row[0][0]["sentence"]
    assert query("SELECT offsets::text FROM ingested_offsets") == [["{[0,11)}"]]


def test_when_the_schema_is_missing_nothing_is_quarantined(settings: Settings) -> None:
    empty = Database(settings)

    with pytest.raises(StoreUnavailableError, match="42P01"):
        run(records(sample()), PostgresOrderStore(empty))


def test_concurrent_overlapping_batches_leave_one_fate_each(
    settings: Settings, query: Query
) -> None:
    values = [sample(order_uid=f"o{n % 150}", entry="x" * (n % 2)) for n in range(300)]
    batches = [
        [record(value, offset, partition) for offset, value in enumerate(values)]
        for partition in (0, 1)
    ]
    batches.append(list(reversed(batches[0])))  # the same records again, as after a rebalance

    def write(batch: list[Record]) -> None:
        own = Database(settings)
        for start in range(0, len(batch), 50):
            run(batch[start : start + 50], PostgresOrderStore(own))
        own.close()

    assert at_once(*(partial(write, batch) for batch in batches)) == []
    ((stored,),) = query("SELECT count(*) FROM orders")
    assert stored == 150
    assert query("SELECT count(*) FROM items") == [[150]]
    ((quarantined, places),) = query(
        "SELECT count(*), count(DISTINCT (partition, record_offset)) FROM quarantined_records"
    )
    assert quarantined == places
    (((duplicates),),) = query("SELECT sum(duplicates)::bigint FROM ingested_offsets")
    assert stored + quarantined + duplicates == 600
    assert query("SELECT DISTINCT offsets::text FROM ingested_offsets") == [["{[0,300)}"]]


def test_a_damaged_envelope_is_quarantined_alone(store: PostgresOrderStore, query: Query) -> None:
    damage = Fault("", "not_base64", "The record's value is not base64 in the Lambda event.")
    broken = Record("orders", 0, 1, None, "", None, b"%%%", (), damage)

    run([record(sample(), 0), broken], store)

    assert query("SELECT value, code FROM quarantined_records") == [[b"%%%", "not_base64"]]
    assert query("SELECT count(*) FROM orders") == [[1]]
