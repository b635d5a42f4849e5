"""The container that reads NATS: there when it is asked for, one at a time, with few rights."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.infrastructure.test_roles import allowed, listed
from tests.infrastructure.transformed import (
    BROKERS,
    KEY,
    NATS,
    NATS_CREDENTIALS,
    VPC,
    Stack,
    stack,
)

CONTAINER = "AWS::ECS::"
CLUSTER = {"NatsSourceClusterName": "shared"}
ROLES = {"NatsSourceExecutionRole", "NatsSourceRole"}
TO_PULL = {
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
}
TO_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}


@pytest.fixture(scope="module")
def made() -> Stack:
    return stack(NATS)


def container(made: Stack) -> Mapping[str, Any]:
    (only,) = made.properties["NatsSourceTask"]["ContainerDefinitions"]
    found: Mapping[str, Any] = only
    return found


def variables(made: Stack) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in container(made)["Environment"]}


def secrets(made: Stack) -> dict[str, str]:
    return {one["Name"]: one["ValueFrom"] for one in container(made)["Secrets"]}


def test_without_nats_there_is_nothing_of_it() -> None:
    made = stack(BROKERS, VPC, CLUSTER, NATS_CREDENTIALS, NatsSourceImage="image:1")

    assert not [name for name in made.types if "Nats" in name]
    assert not [kind for kind in made.types.values() if kind.startswith(CONTAINER)]


def test_nats_comes_beside_kafka_or_without_it(made: Stack) -> None:
    both = stack(NATS, BROKERS)

    assert "OrdersTopicMapping" not in made.types
    assert {"OrdersTopicMapping", "NatsSource"} <= both.types.keys()


def test_the_former_container_is_gone_before_the_next_one_comes(made: Stack) -> None:
    service = made.properties["NatsSource"]
    deployment = service["DeploymentConfiguration"]

    # …/AmazonECS/latest/developerguide/service_definition_parameters.html
    assert service["DesiredCount"] == 1
    assert (deployment["MaximumPercent"], deployment["MinimumHealthyPercent"]) == (100, 0)
    assert service["AvailabilityZoneRebalancing"] == "DISABLED"


def test_a_container_that_does_not_start_takes_the_deployment_back(made: Stack) -> None:
    deployment = made.properties["NatsSource"]["DeploymentConfiguration"]

    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


def test_it_runs_where_the_functions_are_and_is_reached_from_nowhere(made: Stack) -> None:
    network = made.properties["NatsSource"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    function = made.properties["IngestOrdersFunction"]["VpcConfig"]

    assert network["Subnets"] == function["SubnetIds"]
    assert network["SecurityGroups"] == function["SecurityGroupIds"]
    assert network["AssignPublicIp"] == "DISABLED"
    assert "PortMappings" not in container(made)


def test_it_may_write_its_home_and_be_nobody_else(made: Stack) -> None:
    own = container(made)

    assert own["ReadonlyRootFilesystem"] is True
    assert own["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert own["User"] != "0"
    (volume,) = made.properties["NatsSourceTask"]["Volumes"]
    (mounted,) = own["MountPoints"]
    assert mounted["SourceVolume"] == volume["Name"]


def test_nobody_who_may_describe_the_task_reads_how_to_sign_in() -> None:
    made = stack(NATS, NATS_CREDENTIALS)

    assert NATS["NatsUrl"] not in str(made.properties["NatsSourceTask"])
    assert secrets(made) == {
        "NATS_URL": "NatsUrlSecret",
        "NATS_CREDENTIALS_TEXT": NATS_CREDENTIALS["NatsCredentialsSecretArn"],
    }
    assert made.properties["NatsUrlSecret"]["SecretString"] == NATS["NatsUrl"]


def test_it_runs_on_a_cluster_of_its_own_or_on_one_that_is_there(made: Stack) -> None:
    shared = stack(NATS, CLUSTER)

    assert made.properties["NatsSource"]["Cluster"] == "NatsSourceCluster"
    assert "NatsSourceCluster" in made.types
    assert shared.properties["NatsSource"]["Cluster"] == CLUSTER["NatsSourceClusterName"]
    assert "NatsSourceCluster" not in shared.types


def test_the_container_may_invoke_the_one_function_and_keep_what_it_gave_up() -> None:
    made = stack(NATS, BROKERS)
    function = made.properties["IngestOrdersFunction"]["FunctionName"]
    kept = made.properties["OrdersTopicMapping"]["DestinationConfig"]["OnFailure"]["Destination"]

    actions = allowed(made, "NatsSourceRole")

    assert actions.keys() == {"lambda:InvokeFunction", "s3:PutObject"}
    assert [arn.split(":")[5:] for arn in actions["lambda:InvokeFunction"]] == [
        ["function", function]
    ]
    assert actions["s3:PutObject"] == {f"{kept}/*"}


def test_with_a_key_of_one_s_own_it_may_encrypt_for_the_bucket_and_ecs_read_its_secrets() -> None:
    made = stack(NATS, KEY)

    assert allowed(made, "NatsSourceRole")["kms:GenerateDataKey"] == {KEY["KmsKeyArn"]}
    assert allowed(made, "NatsSourceExecutionRole")["kms:Decrypt"] == {KEY["KmsKeyArn"]}
    assert made.properties["NatsUrlSecret"]["KmsKeyId"] == KEY["KmsKeyArn"]
    assert made.properties["NatsSourceLogs"]["KmsKeyId"] == KEY["KmsKeyArn"]


@pytest.mark.parametrize(
    ("more", "readable"),
    [
        ({}, {"NatsUrlSecret"}),
        (NATS_CREDENTIALS, {"NatsUrlSecret", NATS_CREDENTIALS["NatsCredentialsSecretArn"]}),
    ],
)
def test_ecs_pulls_the_image_reads_the_secrets_that_it_hands_on_and_writes_the_log(
    more: Mapping[str, str], readable: set[str]
) -> None:
    made = stack(NATS, more)
    actions = allowed(made, "NatsSourceExecutionRole")

    assert actions.keys() == TO_PULL | TO_LOG | {"secretsmanager:GetSecretValue"}
    assert actions["secretsmanager:GetSecretValue"] == readable == set(secrets(made).values())
    assert actions["logs:PutLogEvents"] == {"NatsSourceLogs"}
    options = container(made)["LogConfiguration"]["Options"]
    assert options["awslogs-group"] == "NatsSourceLogs"
    assert {name for name, on in actions.items() if "*" in on} == {"ecr:GetAuthorizationToken"}


def test_both_roles_are_for_tasks_of_this_account_alone(made: Stack) -> None:
    for role in ROLES:
        (trusted,) = made.properties[role]["AssumeRolePolicyDocument"]["Statement"]
        assert listed(trusted["Principal"]["Service"]) == ["ecs-tasks.amazonaws.com"]
        assert trusted["Condition"]["StringEquals"].keys() == {"aws:SourceAccount"}


def test_it_is_an_alarm_when_the_container_does_not_run(made: Stack) -> None:
    alarm = made.properties["NatsSourceAlarm"]

    # The samples of a minute are the containers that run: …/developerguide/cloudwatch-metrics.html
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ECS", "CPUUtilization")
    assert (alarm["Statistic"], alarm["Period"]) == ("SampleCount", 60)
    assert alarm["TreatMissingData"] == "breaching"
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    service = made.properties["NatsSource"]
    assert dimensions["ClusterName"] == service["Cluster"]
    assert dimensions.keys() == {"ClusterName", "ServiceName"}


def test_it_is_an_alarm_when_the_container_logs_an_error(made: Stack) -> None:
    counted = made.properties["NatsSourceErrors"]
    alarm = made.properties["NatsSourceErrorsAlarm"]

    (metric,) = counted["MetricTransformations"]
    assert counted["LogGroupName"] == "NatsSourceLogs"
    assert (alarm["Namespace"], alarm["MetricName"]) == (
        metric["MetricNamespace"],
        metric["MetricName"],
    )
    (level,) = re.findall(r"\[level=(\w+), \.\.\.\]", counted["FilterPattern"])
    assert level == "ERROR", "as devstack.event_source_mapping logs it: %(levelname)s %(message)s"
