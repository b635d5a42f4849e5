"""What a client sees of a customer's orders and of what became of an order."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from orders.api.lookups import OrdersApi
from orders.cache import OrderCache
from orders.quarantine import QuarantinedRecord
from orders.status import Freshness, Provenance
from tests.unit.orders.asking import ask, request
from tests.unit.orders.fakes_api import CONFLICT, FAULT, NOON, InMemoryOrders, quarantined
from tests.unit.orders.made import ORDER_UID, SAMPLE_VALUE, encoded, record, sample

PLACE = Provenance(
    source="kafka",
    topic="orders",
    partition=2,
    offset=42,
    produced_at=NOON - timedelta(seconds=1.5),
    ingested_at=NOON,
)


@pytest.fixture
def orders() -> InMemoryOrders:
    return InMemoryOrders()


@pytest.fixture
def api(orders: InMemoryOrders) -> OrdersApi:
    return OrdersApi(OrderCache(10), orders, clock=lambda: NOON + timedelta(minutes=1))


def body(order_uid: str) -> str:
    return json.dumps(sample(order_uid=order_uid))


def newcomer(**changes: object) -> QuarantinedRecord:
    value = record(sample(entry="other"))
    given = {"faults": (CONFLICT,), "order_uid": ORDER_UID, "record": value, **changes}
    return quarantined(7, **given)


# A customer's orders


def test_a_customer_s_orders_are_answered_newest_first_as_they_were_sent(
    api: OrdersApi, orders: InMemoryOrders
) -> None:
    orders.stored = {uid: encoded(uid, body(uid)) for uid in ("test1", "other", "test2")}

    answer = ask(api, "api_customer_orders.json")

    assert answer.status == 200
    assert answer.json() == {
        "orders": [sample(order_uid="test2"), sample(order_uid="test1")],
        "next_cursor": None,
    }
    assert "Link" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_pages_lead_through_all_orders_by_cursor_and_by_link(
    api: OrdersApi, orders: InMemoryOrders
) -> None:
    uids = [f"customer{number}" for number in range(5)]
    orders.stored = {uid: encoded(uid, body(uid)) for uid in uids}
    seen: list[str] = []
    query = {"customer_id": "customer", "limit": "2"}

    while True:
        answer = request(api, "GET", "/orders", query=query)
        seen += [order["order_uid"] for order in answer.json()["orders"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
        link = f'</orders?customer_id=customer&limit=2&cursor={cursor}>; rel="next"'
        assert answer.headers["Link"] == link
        query["cursor"] = cursor

    assert seen == uids[::-1]


def test_a_customer_s_name_is_quoted_in_the_link(api: OrdersApi, orders: InMemoryOrders) -> None:
    orders.stored = {f"a b&>{n}": encoded(f"a{n}", body(f"a{n}")) for n in range(2)}

    answer = request(api, "GET", "/orders", query={"customer_id": "a b&>", "limit": "1"})

    assert answer.headers["Link"].startswith("</orders?customer_id=a%20b%26%3E&limit=1&cursor=")


def test_a_page_has_twenty_orders_unless_it_is_told_otherwise(
    api: OrdersApi, orders: InMemoryOrders
) -> None:
    request(api, "GET", "/orders", query={"customer_id": "a"})
    request(api, "GET", "/orders", query={"customer_id": "a", "limit": "100"})

    assert [most for _, _, most in orders.asked_of_customer] == [21, 101]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "missing_customer_id"),
        ({"customer_id": "a\0"}, "malformed_customer_id"),
        ({"customer_id": "\ud800"}, "malformed_customer_id"),
        ({"customer_id": "a" * 256}, "malformed_customer_id"),
        *[
            ({"customer_id": "a", "limit": limit}, "malformed_limit")
            for limit in ("0", "101", "-1", "1.0", "x", "٣", "9" * 5000)
        ],
        ({"customer_id": "a", "limit": ""}, "malformed_limit"),
        ({"customer_id": "a", "cursor": "nonsense"}, "malformed_cursor"),
        ({"customer_id": "a", "cursor": ""}, "malformed_cursor"),
        ({"customer_id": "a", "customerId": "b"}, "unknown_parameter"),
    ],
)
def test_a_list_that_cannot_be_meant_is_the_clients_fault(
    api: OrdersApi, query: dict[str, str], code: str
) -> None:
    assert request(api, "GET", "/orders", query=query).problem() == (400, code)


def test_orders_are_sent_to_another_function(api: OrdersApi) -> None:
    answer = request(api, "PUT", "/orders")

    assert answer.problem() == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST"


# What became of an order


def test_a_stored_order_has_a_place_and_times(api: OrdersApi, orders: InMemoryOrders) -> None:
    orders.places[ORDER_UID] = PLACE

    answer = ask(api, "api_order_status.json")

    assert answer.json() == {
        "order_uid": ORDER_UID,
        "state": "stored",
        "source": "kafka",
        "topic": "orders",
        "partition": 2,
        "offset": 42,
        "produced_at": "2026-01-01T11:59:58.500000Z",
        "ingested_at": "2026-01-01T12:00:00Z",
        "conflicts": [],
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_order_that_was_posted_has_no_place(api: OrdersApi, orders: InMemoryOrders) -> None:
    orders.places[ORDER_UID] = Provenance(
        source="http", topic=None, partition=None, offset=None, produced_at=NOON, ingested_at=NOON
    )

    status = ask(api, "api_order_status.json").json()

    assert (status["source"], status["topic"], status["offset"]) == ("http", None, None)


def test_a_conflict_shows_both_orders_and_where_they_differ(
    api: OrdersApi, orders: InMemoryOrders
) -> None:
    orders.places[ORDER_UID] = PLACE
    orders.stored[ORDER_UID] = encoded(ORDER_UID, SAMPLE_VALUE.decode())
    orders.refusals = [newcomer()]

    (conflict,) = ask(api, "api_order_status.json").json()["conflicts"]

    assert conflict["id"] == 7
    assert conflict["code"] == "conflict"
    assert conflict["stored"] == sample()
    assert conflict["received"] == sample(entry="other")
    assert conflict["differences"] == [{"path": "/entry", "stored": "WBIL", "received": "other"}]


def test_a_side_that_has_nothing_is_left_out_of_a_difference(
    api: OrdersApi, orders: InMemoryOrders
) -> None:
    shorter = sample()
    shorter["items"] *= 2
    orders.places[ORDER_UID] = PLACE
    orders.stored[ORDER_UID] = encoded(ORDER_UID, SAMPLE_VALUE.decode())
    orders.refusals = [newcomer(record=record(shorter))]

    (conflict,) = ask(api, "api_order_status.json").json()["conflicts"]

    assert [one.keys() for one in conflict["differences"]] == [{"path", "received"}]


@pytest.mark.parametrize(
    ("wish", "language", "sentence"),
    [("en", "en", FAULT.sentence), ("ru-RU,en;q=0.1", "ru", FAULT.russian)],
)
def test_a_quarantined_order_has_its_faults_in_the_language_asked_for(
    api: OrdersApi, orders: InMemoryOrders, wish: str, language: str, sentence: str
) -> None:
    orders.refusals = [quarantined(order_uid=ORDER_UID)]

    answer = request(api, "GET", f"/orders/{ORDER_UID}/status", headers={"Accept-Language": wish})

    assert answer.json()["state"] == "quarantined"
    (refused,) = answer.json()["quarantined"]
    assert refused == {
        "id": 1,
        "state": "open",
        "code": "wrong_type",
        "faults": [{"path": "/sm_id", "code": "wrong_type", "sentence": sentence, "value": '"99"'}],
        "source": "kafka",
        "topic": "orders",
        "partition": 2,
        "offset": 41,
        "produced_at": "2026-01-01T12:00:00Z",
        "quarantined_at": "2026-01-01T12:01:00Z",
    }
    assert answer.headers["Content-Language"] == language
    assert answer.headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize(
    ("topic", "place"),
    [("nats:orders", ("nats", "nats:orders", 2, 41)), ("", ("http", None, None, None))],
)
def test_a_refused_record_tells_how_it_came(
    api: OrdersApi, orders: InMemoryOrders, topic: str, place: tuple[object, ...]
) -> None:
    refused = quarantined(order_uid=ORDER_UID)
    orders.refusals = [replace(refused, record=replace(refused.record, topic=topic))]

    (told,) = ask(api, "api_order_status.json").json()["quarantined"]

    assert (told["source"], told["topic"], told["partition"], told["offset"]) == place


def test_an_unknown_order_is_told_how_fresh_the_store_is(
    api: OrdersApi, orders: InMemoryOrders
) -> None:
    orders.newest_stored = Freshness(ingested_at=NOON, produced_at=NOON - timedelta(seconds=1))

    answer = ask(api, "api_order_status.json")

    assert answer.json() == {
        "order_uid": ORDER_UID,
        "state": "unknown",
        "freshness": {
            "newest_ingested_at": "2026-01-01T12:00:00Z",
            "newest_produced_at": "2026-01-01T11:59:59Z",
            "age_seconds": 60.0,
        },
    }


def test_an_empty_store_has_no_age(api: OrdersApi) -> None:
    assert ask(api, "api_order_status.json").json()["freshness"] == {
        "newest_ingested_at": None,
        "newest_produced_at": None,
        "age_seconds": None,
    }


def test_a_database_whose_clock_is_ahead_makes_no_age_below_zero(
    api: OrdersApi, orders: InMemoryOrders
) -> None:
    orders.newest_stored = Freshness(ingested_at=NOON + timedelta(hours=1))

    freshness = ask(api, "api_order_status.json").json()["freshness"]

    assert freshness["age_seconds"] == 0


@pytest.mark.parametrize("uid", ["not%20an%20id", "a" * 65, "ё", "a%0A"])
def test_the_status_of_what_is_no_id_is_the_clients_fault(api: OrdersApi, uid: str) -> None:
    answer = request(api, "GET", f"/orders/{uid}/status")

    assert answer.problem() == (400, "malformed_order_uid")


def test_a_percent_encoded_id_is_decoded(api: OrdersApi) -> None:
    answer = request(api, "GET", "/orders/a%2Db/status")

    assert answer.json()["order_uid"] == "a-b"


@pytest.mark.parametrize("path", ["/orders?", f"/orders/{ORDER_UID}/status?"])
def test_a_store_that_is_down_is_told(api: OrdersApi, orders: InMemoryOrders, path: str) -> None:
    orders.fails = True

    answer = request(api, "GET", path.rstrip("?"), query={"customer_id": "a"})

    assert answer.problem() == (503, "store_unavailable")
    assert answer.headers["Retry-After"] == "2"


def test_head_is_answered_for_both(api: OrdersApi) -> None:
    for path in ("/orders", f"/orders/{ORDER_UID}/status"):
        answer = request(api, "HEAD", path, query={"customer_id": "a"})
        assert (answer.status, answer.body) == (200, "")
