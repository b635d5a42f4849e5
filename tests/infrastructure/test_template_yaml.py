"""What cfn-lint cannot know of template.yaml."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from devstack import template
from devstack.front.routes import RouteTable
from devstack.sam import document
from devstack.stack import WARM
from devstack.template import Template
from orders import migrations
from tests.servers import ROOT

ROUTES = {
    **dict.fromkeys(
        [
            "/order/{order_uid}",
            "/orders",
            "/orders/{order_uid}",
            "/orders/{order_uid}/status",
            "/cache/stats",
            "/health",
            "/ready",
            "/openapi.json",
            "/docs",
        ],
        "OrdersApiFunction",
    ),
    **dict.fromkeys(
        [
            "/quarantine",
            "/quarantine/{record_id}",
            "/quarantine/{record_id}/redrive",
            "/quarantine/{record_id}/discard",
        ],
        "QuarantineFunction",
    ),
}
LONGEST_TIMEOUT_SECONDS = 14 * 60
NEEDS_PROVISIONED_MODE = {
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
}


@pytest.fixture(scope="module")
def with_kafka() -> Template:
    return template.read(ROOT / "template.yaml", {"KafkaBootstrapServers": "broker:9092"})


def test_every_route_of_the_contract_is_there_for_every_method(with_kafka: Template) -> None:
    # API Gateway would answer an unknown method with 403; the function answers 405 with Allow.
    routes = {(route.method, route.path, route.function) for route in with_kafka.routes}

    assert routes == {
        ("POST", "/orders", "SubmitOrderFunction"),
        *{("ANY", path, function) for path, function in ROUTES.items()},
    }


def test_the_quarantine_is_for_those_whom_iam_lets_in_and_nothing_else_is() -> None:
    content = document.load((ROOT / "template.yaml").read_text())

    guarded = {
        event["Properties"]["Path"]
        for resource in content["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Properties"].get("Auth", {}).get("Authorizer") == "AWS_IAM"
    }

    assert guarded == {path for path, name in ROUTES.items() if name == "QuarantineFunction"}


def test_every_operation_that_is_documented_has_a_route(with_kafka: Template) -> None:
    table = RouteTable(with_kafka.routes)
    paths = json.loads((ROOT / "layers/orders/orders/api/openapi.json").read_text())["paths"]

    for path, item in paths.items():
        match = table.match(path)
        assert match, path
        for method in item:
            assert match.function(method.upper()), path


def test_every_function_that_judges_knows_how_strictly(with_kafka: Template) -> None:
    judges = {"IngestOrdersFunction", "SubmitOrderFunction", "QuarantineFunction"}

    assert judges == {
        name
        for name, function in with_kafka.functions.items()
        if "STRICT_TOTALS" in function.environment
    }


def test_a_function_s_handler_is_where_the_template_says(with_kafka: Template) -> None:
    for function in with_kafka.functions.values():
        module, _, handler = function.handler.rpartition(".")
        file = function.code / f"{module}.py"
        spec = spec_from_file_location(function.logical_id, file)
        assert spec
        assert spec.loader
        loaded = module_from_spec(spec)
        spec.loader.exec_module(loaded)
        assert callable(getattr(loaded, handler))


def test_the_functions_that_a_stack_starts_at_once_are_there(with_kafka: Template) -> None:
    assert set(WARM) <= with_kafka.functions.keys()


def test_without_brokers_nothing_polls() -> None:
    assert template.read(ROOT / "template.yaml", {}).mappings == {}


def test_a_cluster_s_arn_makes_it_an_msk_mapping() -> None:
    arn = "arn:aws:kafka:eu-central-1:000000000000:cluster/orders/1"

    mapping = template.read(ROOT / "template.yaml", {"KafkaClusterArn": arn}).mappings

    assert mapping["OrdersTopicMapping"]["EventSourceArn"] == arn
    assert "SelfManagedEventSource" not in mapping["OrdersTopicMapping"]


def test_retry_controls_come_with_provisioned_pollers(with_kafka: Template) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
    for mapping in with_kafka.mappings.values():
        if mapping.keys() & NEEDS_PROVISIONED_MODE:
            assert "ProvisionedPollerConfig" in mapping


def test_a_function_behind_a_mapping_ends_within_fourteen_minutes(with_kafka: Template) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-configure.html
    for mapping in with_kafka.mappings.values():
        function = with_kafka.functions[mapping["FunctionName"]]
        assert function.timeout_seconds <= LONGEST_TIMEOUT_SECONDS


def test_a_deployment_asks_for_the_newest_migration_which_is_in_a_layer_of_the_function(
    with_kafka: Template,
) -> None:
    content = document.load((ROOT / "template.yaml").read_text())
    schema = content["Resources"]["DatabaseSchema"]["Properties"]
    function = with_kafka.functions["MigrateFunction"]

    assert schema["Newest"] == migrations.NEWEST
    assert schema["ServiceToken"] == {"Fn::GetAtt": "MigrateFunction.Arn"}
    assert schema["ServiceTimeout"] > function.timeout_seconds
    assert any(list(layer.glob(f"{migrations.NEWEST}_*.sql")) for layer in function.layers)
