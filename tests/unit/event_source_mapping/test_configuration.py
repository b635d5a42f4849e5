from pathlib import Path
from typing import Any

import pytest

from devstack import template
from devstack.errors import UserError
from devstack.event_source_mapping.configuration import (
    MappingConfiguration,
    StartingPosition,
    check_function_timeout,
)
from devstack.event_source_mapping.properties import parse
from tests.unit.event_source_mapping.fakes import configuration

LEAST: dict[str, Any] = {
    "FunctionName": "IngestOrdersFunction",
    "Topics": ["orders"],
    "StartingPosition": "TRIM_HORIZON",
    "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["a:9092", "b:9092"]}},
}
TEMPLATE = Path(__file__).parents[3] / "template.yaml"
POLLERS = {"MinimumPollers": 1, "MaximumPollers": 3}
PROVISIONED: dict[str, Any] = {"ProvisionedPollerConfig": POLLERS}


def parsed(servers: str | None = None, **changes: object) -> MappingConfiguration:
    return parse("Mapping", LEAST | changes, servers)


def test_what_is_not_set_is_as_aws_sets_it() -> None:
    mapping = parsed()

    assert mapping.batch_size == 100
    assert mapping.window_seconds == 0.5
    assert mapping.bootstrap_servers == "a:9092,b:9092"
    assert mapping.starting_position is StartingPosition.TRIM_HORIZON
    assert not mapping.report_item_failures
    assert mapping.event_source_arn is None


def test_everything_that_can_be_set_is_read() -> None:
    mapping = parsed(
        "c:9092",
        BatchSize="2000",
        MaximumBatchingWindowInSeconds=0,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=1735689600,
        SelfManagedEventSource=None,
        EventSourceArn="arn:aws:kafka:eu-west-1:1:cluster/demo/0-1",
        AmazonManagedKafkaEventSourceConfig={"ConsumerGroupId": "mine"},
        **PROVISIONED,
    )

    assert mapping == MappingConfiguration(
        name="Mapping",
        function_name="IngestOrdersFunction",
        topic="orders",
        bootstrap_servers="c:9092",
        consumer_group="mine",
        starting_position=StartingPosition.AT_TIMESTAMP,
        starting_timestamp_seconds=1735689600.0,
        event_source_arn="arn:aws:kafka:eu-west-1:1:cluster/demo/0-1",
        batch_size=2000,
        window_seconds=0,
        report_item_failures=True,
    )


def test_a_group_that_is_not_named_is_the_same_uuid_every_time_and_another_for_another() -> None:
    groups = [parsed().consumer_group, parsed().consumer_group, parsed(Topics=["x"]).consumer_group]

    assert groups[0] == groups[1] != groups[2]
    assert len(groups[0]) == 36


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"Topics": ["a", "b"]}, "Topics: exactly one topic"),
        ({"Topics": []}, "Topics: exactly one topic"),
        ({"Topics": ["a b"]}, "'a b' is not a topic's name"),
        ({"StartingPosition": None}, "StartingPosition is missing"),
        ({"StartingPosition": "EARLIEST"}, "StartingPosition: 'EARLIEST' is none of"),
        ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPositionTimestamp: goes with"),
        ({"StartingPositionTimestamp": 1}, "StartingPositionTimestamp: goes with"),
        ({"FunctionName": ""}, "FunctionName is missing"),
        ({"BatchSize": 0}, "BatchSize: 0 is not a whole number from 1 to 10000"),
        ({"BatchSize": 10_001}, "BatchSize: 10001 is not"),
        ({"MaximumBatchingWindowInSeconds": 0.5}, "0.5 is not a whole number from 0 to 300"),
        ({"MaximumBatchingWindowInSeconds": 301}, "301 is not a whole number"),
        ({"EventSourceArn": "arn"}, "exactly one of EventSourceArn and SelfManaged"),
        ({"SelfManagedEventSource": None}, "exactly one of EventSourceArn and SelfManaged"),
        ({"SelfManagedEventSource": {"Endpoints": {}}}, "no Kafka brokers"),
        (
            {"SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "x" * 201}},
            "ConsumerGroupId: longer than 200",
        ),
        (
            {"FunctionResponseTypes": ["ReportBatchItemFailures"]},
            "FunctionResponseTypes: only with MinimumPollers",
        ),
        ({"FunctionResponseTypes": ["Other"], **PROVISIONED}, "only ReportBatchItemFailures"),
        ({"ProvisionedPollerConfig": {"MinimumPollers": 201}}, "MinimumPollers: 201"),
        (
            {"ProvisionedPollerConfig": {"MinimumPollers": 3, "MaximumPollers": 2}},
            "3 is more than MaximumPollers, 2",
        ),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}, "FilterCriteria: not supported"),
        (
            {"SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Queue"}},
            "ConsumptionMode Queue: not supported",
        ),
        ({"MaximumRetryAttempts": 3, **PROVISIONED}, "MaximumRetryAttempts: not supported"),
    ],
)
def test_what_aws_refuses_is_refused_in_one_line(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=f"^Mapping: .*{sentence}") as refusal:
        parsed(**changes)

    assert "\n" not in str(refusal.value)


def test_controls_that_ask_for_nothing_are_allowed() -> None:
    controls: dict[str, Any] = {
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": -1,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {"Destination": ""}},
    }

    assert parsed(**controls, **PROVISIONED).topic == "orders"


def test_the_mapping_of_the_template_is_accepted() -> None:
    described = template.read(TEMPLATE, {"KafkaBootstrapServers": "a:9092,b:9092"})

    (mapping,) = (parse(name, some) for name, some in described.mappings.items())

    assert mapping.function_name == "IngestOrdersFunction"
    assert mapping.bootstrap_servers == "a:9092,b:9092"
    assert (mapping.batch_size, mapping.window_seconds) == (2000, 0)
    assert mapping.report_item_failures


def test_a_function_may_run_for_fourteen_minutes() -> None:
    check_function_timeout(configuration(), 840)

    with pytest.raises(UserError, match="841 s"):
        check_function_timeout(configuration(), 841)
