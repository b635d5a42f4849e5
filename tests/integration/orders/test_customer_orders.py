"""A customer's orders, page by page."""

from collections.abc import Iterator

import pytest

from orders.errors import InvalidRequestError
from orders.ingestion import ingest
from orders.lookup import customer_orders
from orders.repository import PostgresOrderReader, PostgresOrderStore
from tests.integration.conftest import Query
from tests.unit.orders.made import record, sample


def store_orders(store: PostgresOrderStore, *uids: str, customer_id: str = "c-1") -> None:
    """Store orders, each in a transaction of its own."""
    for uid in uids:
        order = record(sample(order_uid=uid, customer_id=customer_id))
        ingest([order], store, seconds_left=lambda: 30.0)


def pages(reader: PostgresOrderReader, limit: int) -> Iterator[list[str]]:
    cursor = None
    while True:
        page = customer_orders("c-1", reader, limit=limit, cursor=cursor)
        yield [order.order_uid for order in page.orders]
        cursor = page.next_cursor
        if cursor is None:
            return


def test_the_orders_stored_last_come_first_and_no_page_overlaps(
    store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    store_orders(store, "a", "b", "c", "d", "e")
    store_orders(store, "x", customer_id="c-2")

    assert list(pages(reader, 2)) == [["e", "d"], ["c", "b"], ["a"]]
    assert list(pages(reader, 5)) == [["e", "d", "c", "b", "a"]]


def test_orders_of_one_transaction_are_paged_too(
    store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    batch = [record(sample(order_uid=f"o{n}", customer_id="c-1"), n) for n in range(5)]
    ingest(batch, store, seconds_left=lambda: 30.0)

    assert list(pages(reader, 2)) == [["o4", "o3"], ["o2", "o1"], ["o0"]]


def test_what_is_stored_between_two_pages_changes_neither(
    store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    store_orders(store, "a", "b", "c", "d")
    first = customer_orders("c-1", reader, limit=2)

    store_orders(store, "later", "a-later")
    second = customer_orders("c-1", reader, limit=2, cursor=first.next_cursor)

    assert [order.order_uid for order in first.orders + second.orders] == ["d", "c", "b", "a"]
    assert second.next_cursor is None


def test_a_page_of_large_orders_is_shorter_than_was_asked_for(
    store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    item = {**sample()["items"][0], "name": "x" * 4000}
    for uid in "abcd":
        large = record(sample(order_uid=uid, customer_id="c-1", items=[item] * 240))
        ingest([large], store, seconds_left=lambda: 30.0)

    assert list(pages(reader, 10)) == [["d", "c", "b"], ["a"]]


def test_an_empty_customer_is_one_too(
    store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    store_orders(store, "a", customer_id="")

    assert [order.order_uid for order in customer_orders("", reader, limit=2).orders] == ["a"]


def test_a_customer_without_orders_has_an_empty_page(reader: PostgresOrderReader) -> None:
    assert customer_orders("nobody", reader, limit=2) == ([], None)


@pytest.mark.parametrize("cursor", ["x", "%%%", "2021", "MjAyMS0xMS0yNiA", "ä", "0" * 500])
def test_a_cursor_that_no_page_gave_is_refused(reader: PostgresOrderReader, cursor: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        customer_orders("c-1", reader, limit=2, cursor=cursor)

    assert refused.value.code == "malformed_cursor"


def test_the_index_serves_both_the_first_and_a_later_page(
    store: PostgresOrderStore, query: Query
) -> None:
    store_orders(store, "a")
    query("SET enable_seqscan = off")

    for later in ("", "AND (ingested_at, order_uid) < (now(), 'b')"):
        plan = query(
            "EXPLAIN SELECT ingested_at, order_uid FROM orders WHERE customer_id = 'c-1'"  # noqa: S608 - our own words
            f" {later} ORDER BY ingested_at DESC, order_uid DESC LIMIT 3"
        )
        text = "\n".join(line for (line,) in plan)
        assert "Index Only Scan using orders_of_customer" in text
        assert "Sort" not in text
