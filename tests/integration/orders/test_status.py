"""What became of an order, whatever it was."""

from datetime import UTC, datetime

import pytest

from orders.differences import Difference
from orders.errors import InvalidRequestError
from orders.ingestion import ingest
from orders.record import Record
from orders.repository import PostgresOrderReader, PostgresOrderStore
from orders.status import Freshness, status
from orders.submission import submit
from tests.unit.orders.made import ORDER_UID, SAMPLE_VALUE, record, records, sample


def run(store: PostgresOrderStore, *batch: Record) -> None:
    ingest(batch, store, seconds_left=lambda: 30.0)


def test_a_stored_order_tells_where_and_when_it_came(
    store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    run(store, record(SAMPLE_VALUE, offset=7, partition=2))

    found = status(ORDER_UID, reader)

    assert (found.state, found.refused, found.freshness) == ("stored", (), None)
    assert found.provenance
    place = (found.provenance.topic, found.provenance.partition, found.provenance.offset)
    assert place == ("orders", 2, 7)
    assert found.provenance.source == "kafka"
    assert found.provenance.produced_at == datetime.fromtimestamp(1_700_000_000.007, UTC)


def test_a_posted_order_tells_that_it_was_posted(
    store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    submit(SAMPLE_VALUE, store)

    found = status(ORDER_UID, reader).provenance

    assert found
    assert (found.source, found.topic, found.offset) == ("http", None, None)


def test_a_conflict_shows_stored_order_newcomer_and_difference(
    store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    run(store, *records(sample(), sample(entry="other")))

    found = status(ORDER_UID, reader)

    assert found.state == "stored"
    (refused,) = found.refused
    assert refused.conflict
    assert refused.conflict.stored == sample()
    assert refused.conflict.received == sample(entry="other")
    assert refused.conflict.differences == (Difference("/entry", "WBIL", "other"),)


@pytest.mark.parametrize(
    "value",
    [
        {**sample(), "entry": 1},
        SAMPLE_VALUE[: len(SAMPLE_VALUE) // 2],
        b'{"order_uid": "b563feb7b2b84b6test", "name": "\xcf\xb8\xf2\xf0"}',
    ],
    ids=["not an order", "cut off", "not UTF-8"],
)
def test_a_refused_order_tells_why(
    store: PostgresOrderStore, reader: PostgresOrderReader, value: object
) -> None:
    run(store, record(value))

    found = status(ORDER_UID, reader)

    assert found.state == "quarantined"
    (refused,) = found.refused
    assert refused.record.state == "open"
    assert refused.record.faults[0].sentence
    assert refused.record.record.value is None  # only what a conflict needs is read


def test_a_record_without_a_readable_id_is_found_by_its_key(
    store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    run(store, Record("orders", 0, 0, None, "", ORDER_UID.encode(), None))
    run(store, Record("orders", 0, 1, None, "", b"x" * 5000, b"!"))

    found = status(ORDER_UID, reader)

    assert found.state == "quarantined"
    assert [refused.record.code for refused in found.refused] == ["tombstone"]


def test_an_unknown_order_tells_how_fresh_the_store_is(
    store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    assert status("nobody", reader).freshness == Freshness()

    run(store, record(SAMPLE_VALUE, offset=7))

    found = status("nobody", reader)
    assert found.state == "unknown"
    assert found.freshness
    assert found.freshness.produced_at == datetime.fromtimestamp(1_700_000_000.007, UTC)
    assert found.freshness.ingested_at


def test_a_malformed_id_is_refused(reader: PostgresOrderReader) -> None:
    with pytest.raises(InvalidRequestError):
        status("../x", reader)
