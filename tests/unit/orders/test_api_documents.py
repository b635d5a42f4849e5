"""What describes the API, and that it describes all of it."""

import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest

from devstack.schemas.order import order_schema
from orders.api.lookups import OrdersApi
from orders.api.quarantine import QuarantineApi
from orders.api.submissions import SubmissionsApi
from orders.cache import OrderCache
from orders.validation import judge
from tests.unit.orders.asking import DOCUMENT, ask, request
from tests.unit.orders.fakes_api import InMemoryOrders, InMemoryQuarantine
from tests.unit.orders.made import InMemoryOrderStore


@pytest.fixture
def api() -> OrdersApi:
    return OrdersApi(OrderCache(10), InMemoryOrders())


def test_the_description_is_served_as_it_was_written(api: OrdersApi) -> None:
    answer = ask(api, "api_openapi.json")

    assert answer.status == 200
    assert answer.json() == DOCUMENT
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_every_route_is_described_and_every_description_is_of_a_route(api: OrdersApi) -> None:
    apis: list[OrdersApi | SubmissionsApi | QuarantineApi] = [
        api,
        SubmissionsApi(InMemoryOrderStore(), judge),
        QuarantineApi(InMemoryQuarantine(), judge),
    ]

    routes = {
        (route.method.lower(), re.sub(r"<(\w+)>", r"{\1}", route.path))
        for one in apis
        for route in one.routes()
    }

    described = {(method, path) for path, item in DOCUMENT["paths"].items() for method in item}
    assert routes == described


def test_every_operation_has_words_and_problems() -> None:
    for path, item in DOCUMENT["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert operation["tags"], path
            assert {"429", "500", "502", "504"} <= operation["responses"].keys()
            for parameter in operation.get("parameters", []):
                assert parameter["description"], path


def test_the_order_is_described_by_the_model_alone() -> None:
    schemas = json.dumps(DOCUMENT["components"]["schemas"])
    described = json.loads(schemas.replace("#/components/schemas/", "#/$defs/"))
    schema = order_schema()

    assert {**schema, **described["Order"]} == schema
    assert schema["$defs"].items() <= described.items()
    assert described["Item"]["properties"]["price"]["maximum"] == 2**63 - 1


@pytest.mark.parametrize("name", ["api_openapi.json", "api_docs.json"])
def test_a_document_the_client_has_is_not_sent_again(api: OrdersApi, name: str) -> None:
    first = ask(api, name)

    again = request(
        api,
        "GET",
        "/docs" if "docs" in name else "/openapi.json",
        headers={
            "If-None-Match": first.headers["ETag"],
            "Accept-Encoding": "gzip" if "Content-Encoding" in first.headers else "",
        },
    )

    assert (again.status, again.body) == (304, "")
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_a_document_comes_compressed_to_those_who_take_it(api: OrdersApi, path: str) -> None:
    plain = request(api, "GET", path)
    zipped = request(api, "GET", path, headers={"Accept-Encoding": "br, gzip"})

    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.body == plain.body
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    assert zipped.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_head_of_a_compressed_document_has_no_body(api: OrdersApi, path: str) -> None:
    answer = request(api, "HEAD", path, headers={"Accept-Encoding": "gzip"})

    assert (answer.status, answer.body) == (200, "")


def test_the_page_runs_what_is_written_in_it_and_nothing_else(api: OrdersApi) -> None:
    answer = ask(api, "api_docs.json")

    policy = answer.headers["Content-Security-Policy"]
    inline = re.findall(r"<(script|style)>(.*?)</\1>", answer.body, flags=re.DOTALL)
    assert len(inline) == 3
    for _, content in inline:
        assert f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert re.findall(r"<(?:script|link|img|iframe)\s[^>]*(?:src|href)=", answer.body) == []
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
