"""Every function may do what it or its mapping does, and nothing else."""

from collections.abc import Mapping

import pytest

from tests.infrastructure.transformed import (
    ADMIN,
    BROKERS,
    DATABASE_IAM,
    DATABASE_SECRET,
    KEY,
    MSK,
    SECRET,
    VPC,
    Stack,
    stack,
)

ROLES = {"IngestOrdersRole", "OrdersApiRole", "SubmitOrderRole", "QuarantineRole", "MigrateRole"}
KAFKA_SECRET = {
    "KafkaAuthentication": "SASL_SCRAM_512_AUTH",
    "KafkaSecretArn": f"{SECRET}kafka",
}

# Lambda writes the logs and the traces of every function in its role's name.
ALWAYS = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
IN_A_VPC = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
# https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
TO_THE_DESTINATION = {"s3:ListBucket", "s3:PutObject"}
# https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
TO_THE_BROKERS_NETWORK = {"ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"}
TO_MSK = {
    "kafka-cluster:AlterGroup",
    "kafka-cluster:Connect",
    "kafka-cluster:DescribeClusterDynamicConfiguration",
    "kafka-cluster:DescribeGroup",
    "kafka-cluster:DescribeTopic",
    "kafka-cluster:ReadData",
    "kafka:DescribeCluster",
    "kafka:DescribeClusterV2",
    "kafka:GetBootstrapBrokers",
}
READ_SECRETS = {"secretsmanager:GetSecretValue"}  # orders.credentials, or the mapping
SIGN_IN = {"rds-db:connect"}  # orders.credentials


def allowed(made: Stack, role: str) -> dict[str, set[str]]:
    """Return the actions that a role allows, and on what."""
    actions: dict[str, set[str]] = {}
    for statement in made.statements(role):
        if statement["Effect"] == "Allow":
            for action in listed(statement["Action"]):
                actions.setdefault(action, set()).update(listed(statement["Resource"]))
    return actions


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("parameters", "everybody", "ingestion", "migration"),
    [
        ({}, ALWAYS, ALWAYS, ALWAYS),
        (BROKERS, ALWAYS, ALWAYS | TO_THE_DESTINATION, ALWAYS),
        (
            BROKERS | VPC,
            ALWAYS | IN_A_VPC,
            ALWAYS | IN_A_VPC | TO_THE_DESTINATION | TO_THE_BROKERS_NETWORK,
            ALWAYS | IN_A_VPC,
        ),
        (
            MSK | VPC | DATABASE_IAM | ADMIN,
            ALWAYS | IN_A_VPC | SIGN_IN,
            ALWAYS | IN_A_VPC | SIGN_IN | TO_THE_DESTINATION | TO_THE_BROKERS_NETWORK | TO_MSK,
            ALWAYS | IN_A_VPC | READ_SECRETS,
        ),
        (
            MSK | KAFKA_SECRET | KEY,
            ALWAYS | {"kms:Decrypt"},
            ALWAYS
            | IN_A_VPC
            | TO_THE_DESTINATION
            | TO_THE_BROKERS_NETWORK
            | TO_MSK
            | READ_SECRETS
            | {"kafka:ListScramSecrets", "kms:Decrypt", "kms:GenerateDataKey"},
            ALWAYS | {"kms:Decrypt"},
        ),
        (
            DATABASE_SECRET,
            ALWAYS | READ_SECRETS,
            ALWAYS | READ_SECRETS,
            ALWAYS | READ_SECRETS,
        ),
    ],
)
def test_every_action_of_a_role_is_used_and_every_one_that_is_used_is_there(
    parameters: Mapping[str, str], everybody: set[str], ingestion: set[str], migration: set[str]
) -> None:
    made = stack(parameters)
    expected = dict.fromkeys(ROLES, everybody)
    expected |= {"IngestOrdersRole": ingestion, "MigrateRole": migration}

    assert {role: allowed(made, role).keys() for role in ROLES} == expected


def test_every_function_has_a_role_of_its_own() -> None:
    made = stack(BROKERS)

    roles = [each["Role"] for each in made.of_type("AWS::Lambda::Function").values()]

    assert sorted(roles) == sorted(ROLES)


def test_a_function_writes_its_own_log_alone() -> None:
    made = stack()

    for function in made.of_type("AWS::Lambda::Function").values():
        log = made.properties[function["Role"].replace("Role", "Logs")]
        name = f"/aws/lambda/{function['FunctionName']}"
        assert log["LogGroupName"] == name
        assert log["RetentionInDays"]
        assert function["LoggingConfig"] == {
            "LogFormat": "JSON",
            "LogGroup": function["Role"].replace("Role", "Logs"),
        }
        assert allowed(made, function["Role"])["logs:PutLogEvents"] == {
            function["Role"].replace("Role", "Logs")
        }


def test_the_owner_s_secret_is_for_the_migration_alone_which_reads_no_other() -> None:
    made = stack(DATABASE_SECRET, ADMIN)

    readable = {role: allowed(made, role)["secretsmanager:GetSecretValue"] for role in ROLES}

    secrets = {role: {DATABASE_SECRET["DatabaseSecretArn"]} for role in ROLES}
    assert readable == secrets | {"MigrateRole": {ADMIN["DatabaseAdminSecretArn"]}}
    functions = made.of_type("AWS::Lambda::Function").values()
    asked = {
        each["Role"]: {each["Environment"]["Variables"]["DB_SECRET_ARN"]} for each in functions
    }
    assert asked == readable


def test_the_mapping_s_secrets_are_for_its_function_s_role_alone() -> None:
    authority = {"KafkaRootCaSecretArn": f"{SECRET}ca"}
    made = stack(BROKERS, KAFKA_SECRET, authority)

    readable = {role: allowed(made, role).get("secretsmanager:GetSecretValue") for role in ROLES}

    secrets = {KAFKA_SECRET["KafkaSecretArn"], authority["KafkaRootCaSecretArn"]}
    assert readable == dict.fromkeys(ROLES) | {"IngestOrdersRole": secrets}


def test_only_what_has_no_narrower_resource_is_for_every_resource() -> None:
    made = stack(MSK, VPC, KAFKA_SECRET, KEY, DATABASE_IAM, ADMIN)

    unbound = {
        action
        for role in ROLES
        for action, resources in allowed(made, role).items()
        if "*" in resources
    }

    of_lambda = IN_A_VPC | TO_THE_BROKERS_NETWORK
    assert unbound == of_lambda | {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def test_the_code_of_a_function_can_do_nothing_with_network_interfaces() -> None:
    made = stack(VPC)
    names = {each["FunctionName"] for each in made.of_type("AWS::Lambda::Function").values()}

    for role in ROLES:
        (denied,) = (one for one in made.statements(role) if one["Effect"] == "Deny")
        assert denied["Action"] == "ec2:*"
        (pattern,) = denied["Condition"]["ArnLike"].values()
        prefix = pattern.removesuffix("*").rpartition(":")[2]
        assert all(name.startswith(prefix) for name in names)


def test_the_mapping_reads_one_topic_in_one_group() -> None:
    actions = allowed(stack(MSK), "IngestOrdersRole")

    place = MSK["KafkaClusterArn"].replace(":cluster/", ":{}/") + "/{}"
    assert actions["kafka-cluster:ReadData"] == {place.format("topic", "orders")}
    assert actions["kafka-cluster:AlterGroup"] == {place.format("group", "serverless-orders")}


def test_the_destination_of_the_mapping_is_where_its_role_may_write() -> None:
    made = stack(BROKERS)

    destination = made.properties["OrdersTopicMapping"]["DestinationConfig"]["OnFailure"]

    arn = destination["Destination"]
    assert allowed(made, "IngestOrdersRole")["s3:PutObject"] == {f"{arn}/*"}
    assert allowed(made, "IngestOrdersRole")["s3:ListBucket"] == {arn}
