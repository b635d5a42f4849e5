"""The edge gives each path to the API or to the site, as CloudFront's behaviours do."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from devstack.front.edge import Edge, site_key
from devstack.front.gateway import Gateway
from devstack.front.routes import RouteTable
from devstack.runtime.invocation import Invocation, InvocationResult
from devstack.template import Route
from tests.unit.front import asgi_client
from tests.unit.front.asgi_client import Answer

PAGE = b"<!doctype html>"
SITE = "http://127.0.0.1:5555/site-bucket"


class Bucket:
    """Hand-written stand-in of the site's bucket."""

    def __init__(self, *, away: bool = False, status: int = 200) -> None:
        self.requests: list[httpx.Request] = []
        self._away = away
        self._status = status

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self._away:
            message = "connection refused"
            raise httpx.ConnectError(message)
        if request.headers.get("if-none-match") == '"1"':
            return httpx.Response(304, headers={"etag": '"1"'})
        headers = {"etag": '"1"', "content-type": "text/html", "x-amz-request-id": "x"}
        return httpx.Response(self._status, headers=headers, content=PAGE)


async def _function(name: str, invocation: Invocation) -> InvocationResult:
    output = json.dumps({"statusCode": 200, "body": name}).encode()
    return InvocationResult(invocation.request_id, output)


def call(bucket: Bucket, method: str, path: str, **more: Any) -> Answer:  # noqa: ANN401 - passed on
    async def exchange() -> Answer:
        transport = httpx.MockTransport(bucket)
        async with httpx.AsyncClient(base_url=SITE, transport=transport) as site:
            routes = RouteTable([Route("ANY", "/order/{order_uid}", "OrdersApiFunction")])
            edge = Edge(Gateway(routes, _function), site)
            return await asgi_client.request(edge, method, path, **more)

    return asyncio.run(exchange())


def test_a_path_of_the_api_is_the_functions() -> None:
    bucket = Bucket()

    answer = call(bucket, "GET", "/order/abc")

    assert answer.body == b"OrdersApiFunction"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in answer.headers
    assert bucket.requests == []


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/", "index.html"),
        ("/web", "index.html"),
        ("/web/", "index.html"),
        ("/web/index.html", "index.html"),
        ("/web/search.js", "search.js"),
        ("/styles.css", "styles.css"),
        ("/img/logo.svg", "img/logo.svg"),
    ],
)
def test_any_other_path_is_a_file_of_the_site(path: str, key: str) -> None:
    bucket = Bucket()

    answer = call(bucket, "GET", path)

    assert answer.body == PAGE
    assert str(bucket.requests[0].url) == f"{SITE}/{key}"


@pytest.mark.parametrize("path", ["/../secret", "/web/../x", "/.env", "//x", "/a//b", "/%2e%2e/x"])
def test_a_path_that_no_file_can_have_is_not_asked_for(path: str) -> None:
    bucket = Bucket()

    answer = call(bucket, "GET", path)

    assert site_key(path) is None
    assert answer.status == 404
    assert bucket.requests == []


def test_the_query_is_not_passed_to_s3() -> None:
    bucket = Bucket()

    call(bucket, "GET", "/", query="order_uid=1&versions")

    assert bucket.requests[0].url.query == b""


def test_the_page_has_the_headers_that_keep_it_safe() -> None:
    answer = call(Bucket(), "GET", "/")

    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert (answer.headers["etag"], answer.headers["content-type"]) == ('"1"', "text/html")
    assert "x-amz-request-id" not in answer.headers


def test_a_known_file_is_not_sent_again() -> None:
    answer = call(Bucket(), "GET", "/", headers={"if-none-match": '"1"'})

    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == '"1"'


def test_head_has_the_length_and_no_body() -> None:
    answer = call(Bucket(), "HEAD", "/")

    assert answer.body == b""
    assert answer.headers["content-length"] == str(len(PAGE))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_site_answers_get_and_head_only(method: str) -> None:
    answer = call(Bucket(), method, "/", body=b"x")

    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("status", [403, 404])
def test_a_missing_file_is_a_small_404(status: int) -> None:
    answer = call(Bucket(status=status), "GET", "/nothing.js")

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["code"] == "not_found"


@pytest.mark.parametrize("bucket", [Bucket(away=True), Bucket(status=500)])
def test_s3_being_away_is_said_in_one_line(bucket: Bucket) -> None:
    answer = call(bucket, "GET", "/")

    assert answer.status == 502
    assert json.loads(answer.body)["detail"] == "The S3 server of the site does not answer."
