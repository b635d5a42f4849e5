"""What a client sees of the reading routes."""

import json
import re

import pytest

from orders.api.lookups import OrdersApi
from orders.cache import OrderCache
from orders.model import EncodedOrder
from orders.two_levels import TwoLevelCache
from tests.unit.orders.asking import Answer, ask
from tests.unit.orders.fakes_api import InMemoryOrders, InMemorySecondLevel
from tests.unit.orders.made import ORDER_UID, SAMPLE_VALUE, Context, encoded

ORDER = EncodedOrder(ORDER_UID, SAMPLE_VALUE.decode(), "d1935c")
ORDER_EVENTS = ["api_order.json", "api_order_by_query.json", "api_order_in_envelope.json"]


@pytest.fixture
def reader() -> InMemoryOrders:
    return InMemoryOrders({ORDER_UID: ORDER})


@pytest.fixture
def api(reader: InMemoryOrders) -> OrdersApi:
    return OrdersApi(OrderCache(10), reader)


def get(api: OrdersApi, path: str, method: str = "GET", **headers: str) -> Answer:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    many = {name: [value] for name, value in fields.items()}
    return ask(
        api, "api_order.json", path=path, httpMethod=method, headers=fields, multiValueHeaders=many
    )


@pytest.mark.parametrize("name", ["api_order.json", "api_order_by_query.json"])
def test_an_order_is_answered_as_it_was_sent(api: OrdersApi, name: str) -> None:
    answer = ask(api, name)

    assert answer.status == 200
    assert answer.body == SAMPLE_VALUE.decode()
    assert answer.headers["Content-Type"] == "application/json"


def test_an_order_is_answered_in_an_envelope(api: OrdersApi) -> None:
    assert ask(api, "api_order_in_envelope.json").json() == {"order": json.loads(SAMPLE_VALUE)}


@pytest.mark.parametrize("name", ORDER_EVENTS)
def test_the_first_answer_is_a_miss_and_the_second_a_hit(api: OrdersApi, name: str) -> None:
    miss, hit = ask(api, name), ask(api, name)

    assert miss.headers["X-Cache"] == "MISS"
    assert "cache;dur=" in miss.headers["Server-Timing"]
    assert "db;dur=" in miss.headers["Server-Timing"]
    assert hit.headers["X-Cache"] == "HIT"
    assert "db;dur=" not in hit.headers["Server-Timing"]
    assert hit.body == miss.body
    assert hit.headers["X-Request-Id"] == Context.aws_request_id
    assert hit.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", [f"/order/{ORDER_UID}", f"/orders/{ORDER_UID}"])
def test_an_order_the_client_has_is_not_sent_again(api: OrdersApi, path: str) -> None:
    etag = get(api, path).headers["ETag"]

    for tags in (etag, f'"other", W/{etag}', "*"):
        answer = get(api, path, If_None_Match=tags)
        assert (answer.status, answer.body) == (304, "")
        assert answer.headers["ETag"] == etag
    assert get(api, path, if_none_match='"other"').status == 200


def test_order_and_envelope_are_different_representations(api: OrdersApi) -> None:
    assert (
        get(api, f"/order/{ORDER_UID}").headers["ETag"]
        != get(api, f"/orders/{ORDER_UID}").headers["ETag"]
    )


@pytest.mark.parametrize(
    "path", [f"/order/{ORDER_UID}", f"/orders/{ORDER_UID}", "/cache/stats", "/health", "/ready"]
)
def test_head_is_answered_like_get_without_a_body(api: OrdersApi, path: str) -> None:
    get(api, path)

    head, full = get(api, path, "HEAD"), get(api, path)

    assert head.body == ""
    assert head.status == full.status == 200
    assert head.headers.keys() == full.headers.keys()


def test_an_unknown_order_is_not_found(api: OrdersApi) -> None:
    answer = ask(api, "api_order_missing.json")

    assert answer.problem() == (404, "order_not_found")
    assert answer.json()["instance"] == "/order/nosuchorder"


def test_a_percent_encoded_id_is_decoded(api: OrdersApi) -> None:
    assert get(api, f"/order/%62{ORDER_UID[1:]}").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/order/not%20an%20id!",
        "/order/a%2Fb",
        "/order/a/b",
        "/order/",
        '/order/"',
        "/order/ё",
        "/order/%D1%91",
        f"/order/{ORDER_UID}\n",
        f"/order/{ORDER_UID}%0A",
        f"/orders/{'a' * 65}",
        "/order/order",
    ],
)
def test_a_malformed_id_is_the_clients_fault(api: OrdersApi, path: str) -> None:
    assert get(api, path).problem() == (400, "malformed_order_uid")


def test_the_malformed_sample_is_the_clients_fault(api: OrdersApi) -> None:
    assert ask(api, "api_order_malformed.json").problem() == (400, "malformed_order_uid")


def test_a_store_that_is_down_is_told_with_a_time_to_come_back(
    api: OrdersApi, reader: InMemoryOrders
) -> None:
    ask(api, "api_order.json")
    reader.fails = True

    cached, other = ask(api, "api_order.json"), ask(api, "api_order_missing.json")

    assert (cached.status, cached.headers["X-Cache"]) == (200, "HIT")
    assert other.problem() == (503, "store_unavailable")
    assert int(other.headers["Retry-After"]) > 0
    assert "down" not in other.body


def test_the_cache_tells_its_stats(api: OrdersApi) -> None:
    for name in (*ORDER_EVENTS, *["api_order_missing.json"] * 3):
        ask(api, name)

    stats = ask(api, "api_cache_stats.json").json()

    assert stats.pop("environment_id")
    assert stats.pop("environment_age_seconds") >= 0
    assert stats == {
        "hits": 2,
        "misses": 3,
        "negative_hits": 1,
        "size": 1,
        "capacity": 10,
        "evictions": 0,
        "hit_ratio": 0.3333,
        "second_level": None,
    }


def test_two_levels_are_told_apart(reader: InMemoryOrders) -> None:
    second = InMemorySecondLevel({"shared": encoded("shared", SAMPLE_VALUE.decode())})
    api = OrdersApi(TwoLevelCache(OrderCache(10), second), reader)

    answers = [get(api, f"/order/{uid}") for uid in ("shared", "shared", ORDER_UID)]

    assert [one.headers["X-Cache"] for one in answers] == ["HIT-L2", "HIT-L1", "MISS"]
    timings = [re.sub(r";dur=[\d.]+", "", one.headers["Server-Timing"]) for one in answers]
    assert timings == ["cache, l2", "cache", "cache, l2, db"]
    stats = ask(api, "api_cache_stats.json").json()
    assert (stats["hits"], stats["misses"]) == (1, 2)
    assert stats["second_level"]["hits"] == 1


def test_health_asks_nobody(api: OrdersApi, reader: InMemoryOrders) -> None:
    reader.fails = True

    assert ask(api, "api_health.json").status == 200


def test_ready_needs_the_store_and_its_newest_migration(
    api: OrdersApi, reader: InMemoryOrders
) -> None:
    assert ask(api, "api_ready.json").status == 200

    reader.migrated = False
    assert ask(api, "api_ready.json").problem() == (503, "migration_pending")

    reader.fails = True
    assert ask(api, "api_ready.json").problem() == (503, "store_unavailable")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/order/a", "/orders/a", "/order/order", "/health", "/ready"])
def test_another_method_is_told_which_are_allowed(api: OrdersApi, path: str, method: str) -> None:
    answer = get(api, path, method)

    assert answer.problem() == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


def test_the_sample_of_another_method_is_refused(api: OrdersApi) -> None:
    assert ask(api, "api_method_not_allowed.json").status == 405


@pytest.mark.parametrize("path", ["/", "/nothing", "/cache", "/healthy"])
def test_an_unknown_route_is_told(api: OrdersApi, path: str) -> None:
    assert get(api, path).problem() == (404, "route_not_found")


def test_a_request_without_any_headers_is_answered(api: OrdersApi) -> None:
    answer = ask(api, "api_order.json", headers=None, multiValueHeaders=None)

    assert answer.status == 200
