"""What AWS refuses of a mapping's properties."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from devstack import template
from devstack.errors import UserError
from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    StartingPosition,
    check_function_timeout,
)
from devstack.event_source_mapping.definition.properties import parse
from tests.conformance.rules import rule

API = "lambda/latest/api/API_CreateEventSourceMapping.html"
ACCESS = "lambda/latest/api/API_SourceAccessConfiguration.html"
SELF_MANAGED = "lambda/latest/api/API_SelfManagedEventSource.html"
MSK = "lambda/latest/dg/with-msk-configure.html"
SCALING = "lambda/latest/dg/kafka-scaling-modes.html"
SAM_MSK = "serverless-application-model/latest/developerguide/sam-property-function-msk.html"
SAM_OWN = (
    "serverless-application-model/latest/developerguide/sam-property-function-selfmanagedkafka.html"
)
ARN = "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/0-1"

RETRY_CONTROLS = {
    "MaximumRetryAttempts": 3,
    "MaximumRecordAgeInSeconds": 60,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}


@rule("A mapping has exactly one topic.", API)
def test_there_is_one_topic(parsed: Callable[..., object]) -> None:
    for refused in ([], ["one", "two"]):
        with pytest.raises(UserError, match="Topics"):
            parsed(Topics=refused)


@rule("The retry controls need provisioned pollers.", SCALING)
@pytest.mark.parametrize("control", RETRY_CONTROLS)
def test_retry_controls_need_provisioned_pollers(
    parsed: Callable[..., object], control: str
) -> None:
    only = dict.fromkeys(RETRY_CONTROLS) | {control: RETRY_CONTROLS[control]}
    assert parsed(**only)

    with pytest.raises(UserError, match=f"{control}: only with .* ProvisionedPollerConfig"):
        parsed(**only, ProvisionedPollerConfig=None)


@rule("A function that reads from Kafka may run for 14 minutes at most.", MSK)
def test_a_function_may_run_for_fourteen_minutes(
    parsed: Callable[..., MappingConfiguration],
) -> None:
    check_function_timeout(parsed(), 14 * 60)

    with pytest.raises(UserError, match="841 s"):
        check_function_timeout(parsed(), 14 * 60 + 1)


@rule("The brokers of a self-managed cluster are under KAFKA_BOOTSTRAP_SERVERS.", SELF_MANAGED)
def test_the_brokers_are_read(parsed: Callable[..., MappingConfiguration]) -> None:
    endpoints = {"KAFKA_BOOTSTRAP_SERVERS": ["a:9092", "b:9092"]}

    mapping = parsed(SelfManagedEventSource={"Endpoints": endpoints})

    assert mapping.bootstrap_servers == "a:9092,b:9092"


@rule("To an MSK cluster one signs in by SCRAM or certificate (or, with no entry, IAM).", ACCESS)
def test_there_are_two_ways_into_msk(parsed: Callable[..., object]) -> None:
    def sign_in_by(kind: str) -> object:
        return parsed(
            EventSourceArn=ARN,
            SelfManagedEventSource=None,
            SourceAccessConfigurations=[{"Type": kind, "URI": "arn:aws:secretsmanager:x"}],
        )

    assert sign_in_by("SASL_SCRAM_512_AUTH")
    assert sign_in_by("CLIENT_CERTIFICATE_TLS_AUTH")
    with pytest.raises(UserError, match="SourceAccessConfigurations: 'BASIC_AUTH'"):
        sign_in_by("BASIC_AUTH")


WAYS_INTO_A_SELF_MANAGED_CLUSTER = (
    *("BASIC_AUTH", "SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH"),
    *("SERVER_ROOT_CA_CERTIFICATE", "VPC_SUBNET", "VPC_SECURITY_GROUP"),
    *("OAUTHBEARER_AUTH", "OAUTHBEARER_SCOPE", "OAUTHBEARER_AUDIENCE"),
    *("OAUTHBEARER_LOGICAL_CLUSTER", "OAUTHBEARER_IDENTITY_POOL"),
    *("IAM_AUTH", "IAM_OAUTHBEARER_AUTH"),
)


@rule("To a self-managed cluster one signs in by password, SCRAM, certificate, token, IAM.", ACCESS)
def test_there_are_many_ways_into_a_self_managed_cluster(parsed: Callable[..., object]) -> None:
    for kind in WAYS_INTO_A_SELF_MANAGED_CLUSTER:
        assert parsed(SourceAccessConfigurations=[{"Type": kind, "URI": "x"}])

    with pytest.raises(UserError, match="SourceAccessConfigurations: 'PASSWORD'"):
        parsed(SourceAccessConfigurations=[{"Type": "PASSWORD", "URI": "x"}])


LEAST_OF_MSK = {"Stream": ARN, "Topics": ["orders"], "StartingPosition": "LATEST"}


@rule(
    "A SAM event of type MSK has the cluster's ARN as Stream, and the group's name itself.", SAM_MSK
)
def test_a_sam_event_names_cluster_and_group(sam: Callable[..., MappingConfiguration]) -> None:
    mapping = sam("MSK", **LEAST_OF_MSK, ConsumerGroupId="mine")

    assert (mapping.event_source_arn, mapping.topic) == (ARN, "orders")
    assert mapping.starting_position is StartingPosition.LATEST
    assert mapping.consumer_group == "mine"


@rule("A SAM event has the mapping's other properties under their own names.", SAM_MSK)
def test_a_sam_event_has_the_properties_of_a_mapping(
    sam: Callable[..., MappingConfiguration],
) -> None:
    mapping = sam(
        "MSK",
        **LEAST_OF_MSK,
        BatchSize=7,
        MaximumBatchingWindowInSeconds=3,
        Enabled=True,
        FilterCriteria={"Filters": [{"Pattern": '{"value": ["a"]}'}]},
        KmsKeyArn="arn:aws:kms:eu-west-1:111122223333:key/k",
        SourceAccessConfigurations=[{"Type": "CLIENT_CERTIFICATE_TLS_AUTH", "URI": "arn:x"}],
        ProvisionedPollerConfig={"MinimumPollers": 2, "MaximumPollers": 4},
        MetricsConfig={"Metrics": ["KafkaMetrics"]},
        LoggingConfig={"SystemLogLevel": "DEBUG"},
        MaximumRetryAttempts=5,
        MaximumRecordAgeInSeconds=600,
        BisectBatchOnFunctionError=True,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )

    assert (mapping.batch_size, mapping.window_seconds) == (7, 3)
    assert mapping.patterns == ('{"value": ["a"]}',)
    assert (mapping.pollers.minimum, mapping.pollers.maximum) == (2, 4)
    assert (mapping.maximum_retry_attempts, mapping.maximum_record_age_seconds) == (5, 600)
    assert (mapping.bisect_on_function_error, mapping.report_item_failures) == (True, True)
    assert mapping.log_level == "DEBUG"


@rule("The Type of a SAM event's OnFailure is SAM's alone, and no part of the mapping.", SAM_MSK)
def test_the_type_of_a_destination_is_sams(sam: Callable[..., MappingConfiguration]) -> None:
    queue = "arn:aws:sqs:eu-west-1:111122223333:failures"

    mapping = sam(
        "MSK",
        **LEAST_OF_MSK,
        DestinationConfig={"OnFailure": {"Type": "SQS", "Destination": queue}},
    )

    assert mapping.destination == queue


@rule("A SAM event of type SelfManagedKafka has its brokers as KafkaBootstrapServers.", SAM_OWN)
def test_a_sam_event_names_its_brokers(sam: Callable[..., MappingConfiguration]) -> None:
    mapping = sam(
        "SelfManagedKafka",
        KafkaBootstrapServers=["a:9092", "b:9092"],
        Topics=["orders"],
        StartingPosition="LATEST",
        SourceAccessConfigurations=[{"Type": "SASL_SCRAM_512_AUTH", "URI": "arn:x"}],
    )

    assert mapping.bootstrap_servers == "a:9092,b:9092"
    assert mapping.event_source_arn is None


@pytest.fixture
def sam(tmp_path: Path) -> Callable[..., MappingConfiguration]:
    """Give what reads the mapping of a function's event in a SAM template."""

    def read(kind: str, **properties: object) -> MappingConfiguration:
        function = {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "CodeUri": ".",
                "Handler": "app.lambda_handler",
                "Runtime": "python3.13",
                "Events": {"Orders": {"Type": kind, "Properties": properties}},
            },
        }
        file = tmp_path / "template.yaml"
        file.write_text(json.dumps({"Resources": {"Function": function}}))
        ((name, found),) = template.read(file, {}).mappings.items()
        return parse(name, found, "127.0.0.1:9092" if kind == "MSK" else None)

    return read
