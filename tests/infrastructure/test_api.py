"""The API as it is deployed: every route of the contract, and who may ask for it."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from devstack import template
from devstack.front.routes import RouteTable
from tests.infrastructure.transformed import POOL, TEMPLATE, Stack, stack
from tests.servers import ROOT

ANY = "x-amazon-apigateway-any-method"
LOOKUPS = {
    "/order/{order_uid}",
    "/orders",
    "/orders/{order_uid}",
    "/orders/{order_uid}/status",
    "/cache/stats",
    "/ready",
}
ABOUT_THE_SERVICE = {"/health", "/openapi.json", "/docs"}
QUARANTINE = {
    "/quarantine",
    "/quarantine/{record_id}",
    "/quarantine/{record_id}/redrive",
    "/quarantine/{record_id}/discard",
}
SUBMISSION = ("post", "/orders")
SCHEME = {"NONE": [], "AWS_IAM": ["Iam"], "COGNITO": ["UserPool"]}


def operations(made: Stack) -> Iterator[tuple[str, str, Any]]:
    """Yield method, path and operation of the deployed definition."""
    for path, item in made.properties["OrdersApi"]["Body"]["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def authorization(made: Stack) -> dict[tuple[str, str], list[str]]:
    """Return the schemes of each method and path; none is open to everybody."""
    return {
        (method, path): [scheme for one in operation["security"] for scheme in one]
        for method, path, operation in operations(made)
    }


def test_every_route_of_the_contract_is_there_for_every_method() -> None:
    # API Gateway would answer an unknown method with 403; the function answers 405 with Allow.
    routes = {
        (route.method, route.path, route.function) for route in template.read(TEMPLATE, {}).routes
    }

    assert routes == {
        ("POST", "/orders", "SubmitOrderFunction"),
        *{("ANY", path, "OrdersApiFunction") for path in LOOKUPS | ABOUT_THE_SERVICE},
        *{("ANY", path, "QuarantineFunction") for path in QUARANTINE},
    }


def test_every_operation_that_is_documented_has_a_route() -> None:
    table = RouteTable(template.read(TEMPLATE, {}).routes)
    paths = json.loads((ROOT / "layers/orders/orders/api/openapi.json").read_text())["paths"]

    for path, item in paths.items():
        match = table.match(path)
        assert match, path
        for method in item:
            assert match.function(method.upper()), path


@pytest.mark.parametrize("lookups", SCHEME)
@pytest.mark.parametrize("submissions", SCHEME)
def test_who_may_ask_is_what_the_parameters_say_and_the_quarantine_is_always_iam_s(
    lookups: str, submissions: str
) -> None:
    made = stack(POOL, LookupAuthorization=lookups, SubmissionAuthorization=submissions)

    assert authorization(made) == {
        **{(ANY, path): SCHEME[lookups] for path in LOOKUPS},
        **{(ANY, path): [] for path in ABOUT_THE_SERVICE},
        **{(ANY, path): ["Iam"] for path in QUARANTINE},
        SUBMISSION: SCHEME[submissions],
    }


def test_what_nobody_chose_is_open_look_ups_and_posting_by_iam() -> None:
    asked = authorization(stack())

    assert asked[ANY, "/order/{order_uid}"] == []
    assert asked[SUBMISSION] == ["Iam"]


def test_a_scheme_is_defined_where_it_is_asked_for_and_the_pool_is_only_then() -> None:
    # API Gateway refuses the definition of a pool that is not there.
    without, with_pool = stack(), stack(POOL, LookupAuthorization="COGNITO")

    assert without.properties["OrdersApi"]["Body"]["securityDefinitions"].keys() == {"Iam"}
    schemes = with_pool.properties["OrdersApi"]["Body"]["securityDefinitions"]
    assert schemes["Iam"]["x-amazon-apigateway-authtype"] == "awsSigv4"
    pool = schemes["UserPool"]["x-amazon-apigateway-authorizer"]
    assert pool == {"type": "cognito_user_pools", "providerARNs": [POOL["UserPoolArn"]]}


def test_api_gateway_may_invoke_what_it_is_to_invoke() -> None:
    made = stack()
    permissions = made.of_type("AWS::Lambda::Permission").values()

    for method, path, operation in operations(made):
        function = operation["x-amazon-apigateway-integration"]["uri"].split("/functions/")[1]
        verb = "*" if method == ANY else method.upper()
        asked = f":OrdersApi/live/{verb}{path}"
        assert any(
            permission["FunctionName"] == name_of(function)
            and fnmatchcase(asked, f"*{permission['SourceArn'].rpartition(':')[2]}")
            for permission in permissions
        ), (method, path)


def name_of(invoked: str) -> str:
    return invoked.removesuffix("/invocations").rpartition(":function:")[2]


def test_look_ups_go_to_the_version_with_the_snapshot() -> None:
    made = stack()
    (alias,) = made.of_type("AWS::Lambda::Alias")

    assert made.properties["OrdersApiFunction"]["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    uris = {
        operation["x-amazon-apigateway-integration"]["uri"]
        for _, path, operation in operations(made)
        if path in LOOKUPS | ABOUT_THE_SERVICE and operation["security"] == []
    }
    assert made.properties[alias]["Name"] == "live"
    assert {name_of(uri.split("/functions/")[1]) for uri in uris} == {
        f"{made.properties['OrdersApiFunction']['FunctionName']}:live"
    }


def test_a_change_of_a_parameter_alone_reaches_the_stage() -> None:
    # SAM makes a new deployment when the text of the definition changes; AlwaysDeploy, always.
    text = TEMPLATE.read_text()

    assert "security: !If" in text
    assert "AlwaysDeploy: true" in text


def test_the_stage_limits_traces_and_logs_every_request() -> None:
    made = stack(ApiRequestsPerSecond="7", ApiBurst="3")
    (stage,) = made.of_type("AWS::ApiGateway::Stage").values()

    (limits,) = stage["MethodSettings"]
    assert (limits["ThrottlingRateLimit"], limits["ThrottlingBurstLimit"]) == ("7", "3")
    assert (limits["ResourcePath"], limits["HttpMethod"]) == ("/*", "*")
    assert stage["TracingEnabled"] is True
    assert stage["AccessLogSetting"]["DestinationArn"] == "ApiLogs"
    logged = json.loads(stage["AccessLogSetting"]["Format"])
    assert all(value.startswith("$context.") for value in logged.values())


def test_a_stage_logs_only_when_the_account_can() -> None:
    # Without the role API Gateway refuses the stage; that it refers to it makes the order.
    (stage,) = stack().of_type("AWS::ApiGateway::Stage").values()

    assert {"Key": "ApiGatewayAccount", "Value": "ApiAccount"} in stage["Tags"]
    assert "ApiAccount" not in stack(ApiGatewayAccount="false").types
