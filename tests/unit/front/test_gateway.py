"""The gateway speaks to functions and clients as a REST API of API Gateway does."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from devstack.front import proxy_response
from devstack.front.gateway import MAX_BODY_BYTES, Gateway
from devstack.front.proxy_response import MalformedResponseError
from devstack.front.routes import Match, RouteTable
from devstack.runtime.invocation import Invocation, InvocationResult
from devstack.runtime.scaling import ThrottledError
from devstack.template import Route
from tests.unit.front import asgi_client
from tests.unit.front.asgi_client import Answer

ROUTES = RouteTable(
    [
        Route("ANY", "/order/{order_uid}", "Api"),
        Route("GET", "/order/order", "Special"),
        Route("ANY", "/files/{proxy+}", "Files"),
        Route("GET", "/files/{name}", "OneFile"),
        Route("GET", "/orders", "List"),
        Route("POST", "/orders", "Submit"),
        Route("ANY", "/orders", "Other"),
        Route("GET", "/only/get", "Api"),
    ]
)


class RecordingFunctions:
    """Hand-written stand-in of the functions: keeps invocations, answers with what it was given."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer
        self.events: list[dict[str, Any]] = []
        self.names: list[str] = []

    async def invoke(self, name: str, invocation: Invocation) -> InvocationResult:
        self.names.append(name)
        self.events.append(json.loads(invocation.event))
        answer = self._answer()
        if asyncio.iscoroutine(answer):
            await answer
        if isinstance(answer, InvocationResult):
            return answer
        return InvocationResult(invocation.request_id, json.dumps(answer).encode())


def ok() -> dict[str, Any]:
    return {"statusCode": 200, "body": "{}"}


def call(functions: RecordingFunctions, method: str, path: str, **more: Any) -> Answer:  # noqa: ANN401 - passed on
    gateway = Gateway(ROUTES, functions.invoke, timeout_seconds=0.05)

    async def application(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        match = ROUTES.match(scope["raw_path"].decode())
        await gateway.serve(match, scope, receive, send, [])

    return asyncio.run(asgi_client.request(application, method, path, **more))


def event_of(method: str, path: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
    functions = RecordingFunctions(ok)
    call(functions, method, path, **more)
    return functions.events[0]


def answer_to(output: object) -> Answer:
    return call(RecordingFunctions(lambda: output), "GET", "/order/abc")


@pytest.mark.parametrize(
    ("method", "path", "function"),
    [
        ("GET", "/order/abc", "Api"),
        ("GET", "/order/order", "Special"),
        ("GET", "/files/a", "OneFile"),
        ("GET", "/files/a/b", "Files"),
        ("GET", "/orders", "List"),
        ("POST", "/orders", "Submit"),
        ("DELETE", "/orders", "Other"),
    ],
)
def test_the_most_specific_route_wins(method: str, path: str, function: str) -> None:
    functions = RecordingFunctions(ok)

    call(functions, method, path)

    assert functions.names == [function]


@pytest.mark.parametrize("path", ["/", "/order", "/order/", "/order/a/b", "/files", "/order%2Fabc"])
def test_what_no_route_has_is_not_matched(path: str) -> None:
    assert ROUTES.match(path) is None


def test_an_unknown_method_misses_its_authentication_token() -> None:
    functions = RecordingFunctions(ok)

    answer = call(functions, "POST", "/only/get")

    assert answer.status == 403
    assert json.loads(answer.body) == {"message": "Missing Authentication Token"}
    assert functions.events == []


def test_the_event_has_every_part_of_a_rest_proxy_event() -> None:
    event = event_of(
        "GET", "/order/a%20b", query="x=1&x=2&y=%D0%AF+z&e=", headers={"user-agent": "test"}
    )

    assert event["resource"] == "/order/{order_uid}"
    assert event["path"] == "/order/a%20b"
    assert event["httpMethod"] == "GET"
    assert event["pathParameters"] == {"order_uid": "a b"}
    assert event["queryStringParameters"] == {"x": "2", "y": "Я z", "e": ""}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": ["Я z"], "e": [""]}
    assert event["headers"]["User-Agent"] == "test"
    assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert event["multiValueHeaders"]["Host"] == ["127.0.0.1:8080"]
    assert event["stageVariables"] is None
    assert (event["body"], event["isBase64Encoded"]) == (None, False)
    context = event["requestContext"]
    assert context["resourcePath"] == "/order/{order_uid}"
    assert context["path"] == "/live/order/a%20b"
    assert (context["stage"], context["protocol"]) == ("live", "HTTP/1.1")
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "test"
    assert context["requestTime"].endswith(" +0000")
    assert context["requestTimeEpoch"] > 1_700_000_000_000


def test_powertools_reads_the_event() -> None:
    from aws_lambda_powertools.utilities.data_classes import (  # noqa: PLC0415 - costs 0.3 s
        APIGatewayProxyEvent,
    )

    event = APIGatewayProxyEvent(event_of("GET", "/order/abc", headers={"if-none-match": '"x"'}))

    assert event.path_parameters == {"order_uid": "abc"}
    assert event.headers["If-None-Match"] == '"x"'
    assert event.request_context.request_id
    assert event.request_context.identity.source_ip == "127.0.0.1"


def test_a_request_without_query_or_parameters_has_null_for_them() -> None:
    event = event_of("GET", "/orders")

    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["pathParameters"] is None


def test_an_encoded_slash_stays_within_its_parameter() -> None:
    event = event_of("GET", "/order/a%2Fb")

    assert event["pathParameters"] == {"order_uid": "a/b"}


def test_a_greedy_parameter_takes_the_rest_of_the_path() -> None:
    event = event_of("GET", "/files/a/b%20c/d")

    assert event["pathParameters"] == {"proxy": "a/b c/d"}


def test_a_text_body_is_text_and_any_other_is_base64() -> None:
    text = event_of("POST", "/orders", body='{"name": "Иван"}'.encode())
    binary = event_of("POST", "/orders", body=b"\xff\x00")

    assert (text["body"], text["isBase64Encoded"]) == ('{"name": "Иван"}', False)
    assert base64.b64decode(binary["body"]) == b"\xff\x00"
    assert binary["isBase64Encoded"]


def test_the_functions_answer_reaches_the_client() -> None:
    answer = answer_to(
        {
            "statusCode": 404,
            "headers": {"Content-Type": "application/problem+json", "X-Count": 3, "X-On": True},
            "multiValueHeaders": {"Vary": ["Accept", "Origin"], "X-Count": ["4"]},
            "body": "{}",
            "isBase64Encoded": False,
        }
    )

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.headers["x-count"], answer.headers["x-on"]) == ("4", "true")
    assert answer.headers["vary"] == "Origin"  # the last of the two
    assert answer.headers["content-length"] == "2"
    assert answer.body == b"{}"


def test_a_base64_body_is_decoded() -> None:
    answer = answer_to({"statusCode": 200, "body": "AP8=", "isBase64Encoded": True})

    assert answer.body == b"\x00\xff"


@pytest.mark.parametrize("output", [{}, {"headers": {"x-test": "value"}}, {"statusCode": "200"}])
def test_a_missing_status_code_means_200(output: dict[str, Any]) -> None:
    answer = answer_to(output)

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "output",
    [
        None,
        "text",
        [],
        {"statusCode": 200, "wrongValue": "value"},
        {"statusCode": "many"},
        {"statusCode": 99},
        {"statusCode": 200, "body": {"an": "object"}},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "body": "?", "isBase64Encoded": True},
        {"statusCode": 200, "headers": {"x": "a\r\nset-cookie: b"}},
    ],
)
def test_malformed_output_is_a_bad_gateway(output: object) -> None:
    answer = answer_to(output)

    assert answer.status == 502
    assert json.loads(answer.body) == {"message": "Internal server error"}


def test_a_function_error_is_a_bad_gateway_that_tells_nothing() -> None:
    answer = answer_to(InvocationResult("id", b'{"errorMessage": "secret"}', failed=True))

    assert answer.status == 502
    assert json.loads(answer.body) == {"message": "Internal server error"}


def test_output_that_is_not_json_is_malformed() -> None:
    with pytest.raises(MalformedResponseError):
        proxy_response.response(b"<html>")


def test_a_function_slower_than_the_integration_times_out() -> None:
    answer = call(RecordingFunctions(lambda: asyncio.sleep(5)), "GET", "/order/abc")

    assert answer.status == 504
    assert json.loads(answer.body) == {"message": "Endpoint request timed out"}


def test_a_throttled_function_is_an_internal_server_error() -> None:
    def throttle() -> None:
        reason = "ConcurrentInvocationLimitExceeded"
        raise ThrottledError(reason)

    answer = call(RecordingFunctions(throttle), "GET", "/order/abc")

    assert answer.status == 500


@pytest.mark.parametrize("length", [7_000_000, MAX_BODY_BYTES + 1])
def test_a_body_that_neither_gateway_nor_lambda_takes_is_too_long(length: int) -> None:
    functions = RecordingFunctions(ok)

    answer = call(functions, "POST", "/orders", body=b"x" * length)

    assert answer.status == 413
    assert functions.events == []


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_content_has_no_length(status: int) -> None:
    answer = answer_to({"statusCode": status})

    assert answer.status == status
    assert "content-length" not in answer.headers


def test_a_match_names_the_function_of_a_method() -> None:
    match = Match("/orders", {"GET": "List", "ANY": "Other"}, None)

    assert match.function("GET") == "List"
    assert match.function("PUT") == "Other"
    assert Match("/orders", {"GET": "List"}, None).function("PUT") is None
