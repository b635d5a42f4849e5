"""Posted orders, in PostgreSQL itself."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from orders.config import Settings
from orders.database import Database
from orders.differences import Difference
from orders.ingestion import ingest
from orders.model import Order
from orders.repository import PostgresOrderReader, PostgresOrderStore
from orders.submission import Conflict, Submitted, submit
from tests.integration.conftest import Query
from tests.integration.orders.at_once import at_once
from tests.unit.orders.made import ORDER_UID, SAMPLE_VALUE, orders, records, sample


def test_a_posted_order_is_stored_without_a_place_in_a_topic(
    store: PostgresOrderStore, query: Query
) -> None:
    assert submit(SAMPLE_VALUE, store) == Submitted(ORDER_UID, new=True)

    assert query("SELECT source, topic, partition, record_offset FROM orders") == [
        ["http", None, None, None]
    ]
    assert query("SELECT count(*) FROM items") == [[1]]
    assert query("SELECT count(*) FROM ingested_offsets") == [[0]]


@hypothesis_settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(document=orders())
def test_what_is_posted_is_what_is_read(
    store: PostgresOrderStore, reader: PostgresOrderReader, document: dict[str, Any]
) -> None:
    answer = submit(json.dumps(document).encode(), store)

    found = reader.find(document["order_uid"], seconds=5)
    assert found
    if isinstance(answer, Submitted):
        assert json.loads(found.body) == document
        assert list(json.loads(found.body)) == list(Order.model_fields)
    else:
        assert isinstance(answer, Conflict)


def test_an_order_of_kafka_and_the_same_one_posted_are_one(
    store: PostgresOrderStore, query: Query
) -> None:
    ingest(records(sample()), store, seconds_left=lambda: 30.0)

    assert submit(SAMPLE_VALUE, store) == Submitted(ORDER_UID, new=False)
    assert query("SELECT source FROM orders") == [["kafka"]]


def test_a_posted_conflict_shows_where_it_differs_and_changes_nothing(
    store: PostgresOrderStore, query: Query
) -> None:
    submit(SAMPLE_VALUE, store)

    answer = submit(json.dumps(sample(entry="other")).encode(), store)

    assert isinstance(answer, Conflict)
    assert answer.differences == (Difference("/entry", "WBIL", "other"),)
    assert query("SELECT entry FROM orders") == [["WBIL"]]
    assert query("SELECT count(*) FROM quarantined_records") == [[0]]


@pytest.mark.usefixtures("database")
def test_identical_orders_posted_at_once_are_new_once(settings: Settings, query: Query) -> None:
    answers: list[object] = []

    def post() -> None:
        own = Database(settings)
        answers.extend(submit(SAMPLE_VALUE, PostgresOrderStore(own)) for _ in range(25))
        own.close()

    assert at_once(*[post] * 8) == []

    assert answers.count(Submitted(ORDER_UID, new=True)) == 1
    assert answers.count(Submitted(ORDER_UID, new=False)) == 199
    assert query("SELECT count(*) FROM items") == [[1]]
