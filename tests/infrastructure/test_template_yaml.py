"""What cfn-lint cannot know of template.yaml."""

from importlib.util import module_from_spec, spec_from_file_location

import pytest

from devstack import template
from devstack.template import Template
from tests.servers import ROOT

ROUTES = {"/order/{order_uid}", "/orders/{order_uid}", "/cache/stats", "/health", "/ready"}
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
    assert {(route.method, route.path) for route in with_kafka.routes} == {
        ("ANY", path) for path in ROUTES
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
