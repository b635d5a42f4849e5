"""Requests that go on to an API elsewhere, and its answers that come back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from devstack.front.deployed_api import DeployedApi
from devstack.front.edge import Edge
from devstack.front.routes import RouteTable
from devstack.template import Route
from tests.unit.front import asgi_client
from tests.unit.front.asgi_client import Answer

STAGE = "http://127.0.0.1:4566/_aws/execute-api/abc/live"


class _Stream(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


def answered(status: int = 200, content: bytes = b"", **headers: str) -> httpx.Response:
    """Return what a server answers; header names are given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, stream=_Stream(content), headers=named)


class Api:
    """Hand-written stand-in of an API Gateway."""

    def __init__(self, answer: Callable[[], httpx.Response] = answered) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answer()


def call(api: Api, method: str, path: str, **more: Any) -> Answer:  # noqa: ANN401 - passed on
    async def exchange() -> Answer:
        transport = httpx.MockTransport(api)
        async with (
            httpx.AsyncClient(base_url=STAGE, transport=transport) as client,
            httpx.AsyncClient(base_url="http://site", transport=transport) as site,
        ):
            routes = RouteTable([Route("ANY", "/order/{order_uid}", "OrdersApiFunction")])
            edge = Edge(DeployedApi(routes, client), site)
            return await asgi_client.request(edge, method, path, **more)

    return asyncio.run(exchange())


@pytest.mark.parametrize("path", ["/order/1", "/order/%D0%B0%2Fb", "/order/..", "/order/a%20b"])
def test_path_and_query_go_on_as_they_came(path: str) -> None:
    api = Api()

    call(api, "GET", path, query="a=%20b&a=c")

    target = api.requests[0].extensions["target"]
    assert target == f"/_aws/execute-api/abc/live{path}?a=%20b&a=c".encode()


def test_bodies_go_through_byte_for_byte() -> None:
    api = Api(lambda: answered(201, b"\x1f\x8b\xff", x_cache="HIT"))

    answer = call(api, "POST", "/order/1", body=b"\xff\x00")

    assert api.requests[0].content == b"\xff\x00"
    assert (answer.status, answer.body) == (201, b"\x1f\x8b\xff")
    assert (answer.headers["x-cache"], answer.headers["content-length"]) == ("HIT", "3")


def test_what_is_compressed_stays_so() -> None:
    api = Api(lambda: answered(200, b"compressed", content_encoding="gzip"))

    answer = call(api, "GET", "/order/1")

    assert (answer.body, answer.headers["content-encoding"]) == (b"compressed", "gzip")


def test_headers_of_one_hop_stay_on_it() -> None:
    api = Api(lambda: answered(server="any", x_localstack="true"))
    sent = {"if-none-match": '"1"', "connection": "close", "accept-encoding": "gzip"}

    answer = call(api, "GET", "/order/1", headers=sent)

    assert api.requests[0].headers["if-none-match"] == '"1"'
    assert api.requests[0].headers["host"] == "127.0.0.1:4566"
    assert not {"connection", "accept-encoding"} & set(api.requests[0].headers)
    assert answer.headers == {"x-content-type-options": "nosniff", "content-length": "0"}


@pytest.mark.parametrize(
    ("error", "status"),
    [(httpx.ReadTimeout("slow"), 504), (httpx.ConnectError("gone"), 502)],
)
def test_an_api_that_does_not_answer_is_told_as_api_gateway_tells_it(
    error: httpx.TransportError, status: int
) -> None:
    def fail() -> httpx.Response:
        raise error

    answer = call(Api(fail), "GET", "/order/1")

    assert answer.status == status
    assert json.loads(answer.body)["message"]


def test_a_body_over_ten_megabytes_goes_nowhere() -> None:
    api = Api()

    answer = call(api, "POST", "/order/1", body=b"x" * (10 * 1024 * 1024 + 1))

    assert answer.status == 413
    assert api.requests == []
