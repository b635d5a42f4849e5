"""Which properties of a mapping are read, and which are refused, with what sentence."""

from pathlib import Path
from typing import Any

import pytest

from devstack import template
from devstack.errors import UserError
from devstack.event_source_mapping.definition.choices import Choices, Tombstone
from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    Pollers,
    StartingPosition,
    check_function_timeout,
)
from devstack.event_source_mapping.definition.properties import is_enabled, parse
from devstack.unresolved import Unresolved
from tests.unit.event_source_mapping.fakes import configuration

LEAST: dict[str, Any] = {
    "FunctionName": "IngestOrdersFunction",
    "Topics": ["orders"],
    "StartingPosition": "TRIM_HORIZON",
    "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["a:9092", "b:9092"]}},
}
TEMPLATE = Path(__file__).parents[3] / "template.yaml"
CLUSTER = "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/0-1"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:failed"
MSK: dict[str, Any] = {"SelfManagedEventSource": None, "EventSourceArn": CLUSTER}
PROVISIONED: dict[str, Any] = {"ProvisionedPollerConfig": {"MinimumPollers": 1}}
FAR_FUTURE = 99_999_999_999


def parsed(servers: str | None = None, **changes: object) -> MappingConfiguration:
    return parse("Mapping", LEAST | changes, servers)


def on_failure(destination: object) -> dict[str, Any]:
    return {"DestinationConfig": {"OnFailure": {"Destination": destination}}}


def filters(*patterns: object) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in patterns]}}


def test_what_is_not_set_is_as_aws_sets_it() -> None:
    mapping = parsed()

    assert mapping == MappingConfiguration(
        name="Mapping",
        function_name="IngestOrdersFunction",
        topic="orders",
        bootstrap_servers="a:9092,b:9092",
        consumer_group=mapping.uuid,
        starting_position=StartingPosition.TRIM_HORIZON,
        batch_size=100,
        window_seconds=0.5,
        uuid=mapping.uuid,
        pollers=Pollers(1, 200, provisioned=False),
    )


def test_everything_that_can_be_set_is_read() -> None:
    choices = Choices(tombstone=Tombstone.NULL)
    properties = {
        **LEAST,
        **MSK,
        **filters('{"value": {"a": [1]}}'),
        **on_failure("kafka://failed-orders"),
        "FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:ingest:live",
        "BatchSize": "2000",
        "MaximumBatchingWindowInSeconds": 0,
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": 1735689600,
        "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "mine"},
        "ProvisionedPollerConfig": {
            "MinimumPollers": "2",
            "MaximumPollers": 2000,
            "PollerGroupName": "orders_1",
        },
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRetryAttempts": 0,
        "MaximumRecordAgeInSeconds": 60,
        "BisectBatchOnFunctionError": "true",
        "LoggingConfig": {"SystemLogLevel": "DEBUG"},
        "MetricsConfig": {"Metrics": ["EventCount", "ErrorCount", "KafkaMetrics"]},
        "SourceAccessConfigurations": [{"Type": "SASL_SCRAM_512_AUTH", "URI": "arn:secret"}],
        "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
        "Tags": [{"Key": "team", "Value": "orders"}],
        "Enabled": True,
    }

    mapping = parse("Mapping", properties, "c:9092", choices)

    assert mapping == MappingConfiguration(
        name="Mapping",
        function_name="arn:aws:lambda:eu-west-1:123456789012:function:ingest:live",
        topic="orders",
        bootstrap_servers="c:9092",
        consumer_group="mine",
        starting_position=StartingPosition.AT_TIMESTAMP,
        starting_timestamp_seconds=1735689600.0,
        event_source_arn=CLUSTER,
        batch_size=2000,
        window_seconds=0,
        report_item_failures=True,
        uuid=mapping.uuid,
        patterns=('{"value": {"a": [1]}}',),
        pollers=Pollers(2, 2000, provisioned=True),
        maximum_retry_attempts=0,
        maximum_record_age_seconds=60,
        bisect_on_function_error=True,
        destination="kafka://failed-orders",
        log_level="DEBUG",
        choices=choices,
    )


@pytest.mark.parametrize(
    "destination", [QUEUE, "arn:aws:sns:eu-west-1:123456789012:failed", "arn:aws:s3:::failed"]
)
def test_queues_topics_and_buckets_need_no_provisioned_pollers(destination: str) -> None:
    mapping = parsed(**on_failure(destination))

    assert mapping.destination == destination
    assert mapping.allowed_retries == 10


def test_a_uuid_is_the_same_every_time_and_another_for_another_mapping() -> None:
    uuids = [parsed().uuid, parsed().uuid, parsed(Topics=["others"]).uuid]

    assert uuids[0] == uuids[1] != uuids[2]
    assert len(uuids[0]) == 36


def test_a_group_that_is_not_named_is_the_uuid() -> None:
    assert parsed().consumer_group == parsed().uuid


def test_brokers_may_be_spelt_as_the_api_spells_them_and_as_one_text() -> None:
    own = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": "a:1, b:2"}}

    assert parsed(SelfManagedEventSource=own).bootstrap_servers == "a:1,b:2"


REFUSED: list[tuple[dict[str, Any], str]] = [
    # What it reads.
    ({"Topics": ["a1", "b2"]}, "Topics: exactly one topic is allowed, not 2"),
    ({"Topics": []}, "Topics: exactly one topic is allowed, not 0"),
    ({"Topics": None}, "Topics: exactly one topic"),
    ({"Topics": "orders"}, "Topics: 'orders' is not a list"),
    ({"Topics": ["a b"]}, "Topics: 'a b' is not a topic's name"),
    ({"Topics": [".a"]}, "Topics: '.a' is not a topic's name"),
    ({"Topics": ["a" * 250]}, "Topics: 'a+' is not a topic's name"),
    ({"EventSourceArn": CLUSTER}, "exactly one of EventSourceArn and SelfManagedEventSource"),
    ({"SelfManagedEventSource": None}, "exactly one of EventSourceArn and SelfManagedEventSource"),
    ({**MSK, "EventSourceArn": QUEUE}, "EventSourceArn: '.*' is not the ARN of an MSK cluster"),
    (MSK, "no Kafka brokers"),
    ({"SelfManagedEventSource": {"Endpoints": {}}}, "no Kafka brokers"),
    ({"SelfManagedEventSource": {"Brokers": 1}}, "SelfManagedEventSource: there is no .* Brokers"),
    ({"SelfManagedEventSource": "a:9092"}, "SelfManagedEventSource: 'a:9092' is not a mapping"),
    (
        {"SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["a"]}}},
        "KafkaBootstrapServers: 'a' is not a broker's host:port",
    ),
    (
        {"SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "x" * 201}},
        "ConsumerGroupId: 'x+' is not a group's name of 1 to 200 characters",
    ),
    (
        {"SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Queue"}},
        "ConsumptionMode Queue: share groups are not supported",
    ),
    (
        {"SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Other"}},
        "ConsumptionMode: 'Other' is none of Stream, Queue",
    ),
    (
        {"SelfManagedKafkaEventSourceConfig": {"SchemaRegistryConfig": {"SchemaRegistryURI": "u"}}},
        "SchemaRegistryConfig: schema registries are not supported",
    ),
    (
        {"SourceAccessConfigurations": [{"Type": "VIRTUAL_HOST", "URI": "v"}]},
        "SourceAccessConfigurations: 'VIRTUAL_HOST' is none of a self-managed source's BASIC_AUTH",
    ),
    (
        {**MSK, "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": "v"}]},
        "SourceAccessConfigurations: 'BASIC_AUTH' is none of an MSK source's CLIENT_CERT",
    ),
    # Where it begins.
    ({"StartingPosition": None}, "StartingPosition is missing"),
    ({"StartingPosition": "EARLIEST"}, "StartingPosition: 'EARLIEST' is none of TRIM_HORIZON"),
    ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPositionTimestamp: goes with"),
    ({"StartingPositionTimestamp": 1}, "StartingPositionTimestamp: goes with"),
    (
        {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": "2026-01-01T00:00:00Z"},
        "StartingPositionTimestamp: '2026-.*' is not a number of seconds",
    ),
    (
        {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": FAR_FUTURE},
        f"StartingPositionTimestamp: {FAR_FUTURE} is in the future",
    ),
    # What it sends, and to whom.
    ({"FunctionName": ""}, "FunctionName is missing"),
    ({"FunctionName": "a b"}, "FunctionName: 'a b' is neither"),
    ({"BatchSize": 0}, "BatchSize: 0 is not a whole number from 1 to 10000"),
    ({"BatchSize": 10_001}, "BatchSize: 10001 is not"),
    ({"BatchSize": "many"}, "BatchSize: 'many' is not"),
    (
        {"MaximumBatchingWindowInSeconds": 0.5},
        "MaximumBatchingWindowInSeconds: 0.5 is not a whole number from 0 to 300",
    ),
    ({"MaximumBatchingWindowInSeconds": 301}, "MaximumBatchingWindowInSeconds: 301 is not"),
    (filters(*(f'{{"value": [{n}]}}' for n in range(11))), "FilterCriteria: 11 filters"),
    (filters({"value": [1]}), "FilterCriteria: Pattern .* is not JSON written as text"),
    (filters("{"), "FilterCriteria: "),
    ({"FilterCriteria": {"Filters": [{"Patern": "{}"}]}}, "Filters: there is no property Patern"),
    ({"Enabled": "yes"}, "Enabled: 'yes' is neither true nor false"),
    # What only provisioned pollers do.
    ({"MaximumRetryAttempts": 0}, "MaximumRetryAttempts: only with MinimumPollers"),
    ({"MaximumRecordAgeInSeconds": 60}, "MaximumRecordAgeInSeconds: only with MinimumPollers"),
    ({"BisectBatchOnFunctionError": True}, "BisectBatchOnFunctionError: only with MinimumPollers"),
    (
        {"FunctionResponseTypes": ["ReportBatchItemFailures"], "ProvisionedPollerConfig": {}},
        "FunctionResponseTypes: only with MinimumPollers",
    ),
    ({"LoggingConfig": {"SystemLogLevel": "INFO"}}, "LoggingConfig: only with MinimumPollers"),
    (on_failure("kafka://failed"), "DestinationConfig kafka://failed: only with MinimumPollers"),
    (
        {"ProvisionedPollerConfig": {"PollerGroupName": "g"}, "MaximumRetryAttempts": 1},
        "MaximumRetryAttempts: only with MinimumPollers",
    ),
    # The values of those.
    ({"MaximumRetryAttempts": -2, **PROVISIONED}, "MaximumRetryAttempts: -2 is not .* -1 to 10000"),
    ({"MaximumRetryAttempts": 10_001, **PROVISIONED}, "MaximumRetryAttempts: 10001 is not"),
    *(
        (
            {"MaximumRecordAgeInSeconds": seconds, **PROVISIONED},
            f"MaximumRecordAgeInSeconds: {seconds} is neither -1 nor 60 or more",
        )
        for seconds in (0, 1, 59)
    ),
    ({"MaximumRecordAgeInSeconds": 604_801, **PROVISIONED}, "AgeInSeconds: 604801 is not"),
    ({"BisectBatchOnFunctionError": 2, **PROVISIONED}, "BisectBatchOnFunctionError: 2 is neither"),
    (
        {"FunctionResponseTypes": ["Other"], **PROVISIONED},
        "FunctionResponseTypes: 'Other' is none of ReportBatchItemFailures",
    ),
    ({"ProvisionedPollerConfig": {"MinimumPollers": 0}}, "MinimumPollers: 0 is not"),
    ({"ProvisionedPollerConfig": {"MinimumPollers": 201}}, "MinimumPollers: 201 is not"),
    ({"ProvisionedPollerConfig": {"MaximumPollers": 2001}}, "MaximumPollers: 2001 is not"),
    (
        {"ProvisionedPollerConfig": {"MinimumPollers": 3, "MaximumPollers": 2}},
        "MinimumPollers: 3 is more than MaximumPollers, 2",
    ),
    ({"ProvisionedPollerConfig": {"PollerGroupName": "a b"}}, "PollerGroupName: 'a b' is not"),
    ({"ProvisionedPollerConfig": {"Pollers": 1}}, "there is no property Pollers"),
    ({"LoggingConfig": {"SystemLogLevel": "ERROR"}, **PROVISIONED}, "SystemLogLevel: 'ERROR' is"),
    ({"MetricsConfig": {"Metrics": ["All"]}}, "Metrics: 'All' is none of EventCount"),
    # Where failures go.
    (on_failure("failed"), "DestinationConfig: 'failed' is neither the ARN of an SQS queue"),
    (on_failure("kafka://.x") | PROVISIONED, "DestinationConfig: 'kafka://.x' is neither"),
    (on_failure("arn:aws:lambda:eu-west-1:123456789012:function:f"), "is neither the ARN"),
    (on_failure("kafka://orders") | PROVISIONED, "DestinationConfig: orders is the topic that"),
    ({"DestinationConfig": {"OnSuccess": {"Destination": QUEUE}}}, "OnSuccess is not for"),
    # What is not there.
    ({"ParallelizationFactor": 2}, "ParallelizationFactor: only for Kinesis and DynamoDB"),
    ({"TumblingWindowInSeconds": 2}, "TumblingWindowInSeconds: only for Kinesis and DynamoDB"),
    ({"Queues": ["q"]}, "Queues: only for Amazon MQ"),
    ({"ScalingConfig": {"MaximumConcurrency": 2}}, "ScalingConfig: only for Amazon SQS"),
    ({"DocumentDBEventSourceConfig": {"DatabaseName": "d"}}, "only for Amazon DocumentDB"),
    ({"MaximumRetries": 2}, "MaximumRetries: an event source mapping has no such property"),
]


@pytest.mark.parametrize(("changes", "sentence"), REFUSED)
def test_what_aws_refuses_is_refused_in_one_line(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=f"^Mapping: .*{sentence}") as refusal:
        parsed(**changes)

    assert "\n" not in str(refusal.value)


def test_controls_that_ask_for_nothing_are_allowed_without_provisioned_pollers() -> None:
    controls: dict[str, Any] = {
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": -1,
        "BisectBatchOnFunctionError": False,
        "FunctionResponseTypes": [],
        "ProvisionedPollerConfig": {},
        "LoggingConfig": {},
        "FilterCriteria": {},
        **on_failure(""),
    }

    assert parsed(**controls) == parsed()


def test_a_needed_value_that_only_aws_knows_is_refused_with_the_way_out() -> None:
    unknown = Unresolved("ImportValue Size is not known here; give --parameter 'Size=value'")

    with pytest.raises(UserError, match=r"^Mapping: BatchSize: ImportValue Size .*--parameter"):
        parsed(BatchSize=unknown)


def test_a_value_that_only_aws_knows_may_stand_where_it_is_not_used() -> None:
    unknown = Unresolved("an import")
    brokers = {"Endpoints": {"KafkaBootstrapServers": unknown}}
    secret = [{"Type": "BASIC_AUTH", "URI": unknown}]

    mapping = parsed(
        "c:9092", SelfManagedEventSource=brokers, SourceAccessConfigurations=secret, Tags=unknown
    )

    assert mapping.bootstrap_servers == "c:9092"


@pytest.mark.parametrize(
    ("enabled", "runs"), [({}, True), ({"Enabled": "False"}, False), ({"Enabled": True}, True)]
)
def test_a_mapping_runs_unless_it_is_disabled(enabled: dict[str, Any], *, runs: bool) -> None:
    assert is_enabled(enabled) is runs


def test_the_mapping_of_the_template_is_accepted() -> None:
    described = template.read(TEMPLATE, {"KafkaBootstrapServers": "a:9092,b:9092"})

    (mapping,) = (parse(name, some) for name, some in described.mappings.items())

    assert mapping.function_name == "serverless-orders-ingest-orders"
    assert mapping.bootstrap_servers == "a:9092,b:9092"
    assert (mapping.batch_size, mapping.window_seconds) == (2000, 0)
    assert mapping.report_item_failures


def test_a_function_may_run_for_fourteen_minutes() -> None:
    check_function_timeout(configuration(), 840)

    with pytest.raises(UserError, match="841 s"):
        check_function_timeout(configuration(), 841)
