"""What cfn-lint cannot know of template.yaml: its mapping, its functions and its buckets."""

from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest

from devstack import template
from devstack.account import bucket_name
from devstack.event_source_mapping.definition import controls, properties
from devstack.own_cloud import WARM
from devstack.sam import document
from devstack.template import Template
from orders import migrations
from tests.infrastructure.transformed import (
    ADMIN,
    BROKERS,
    DATABASE_IAM,
    DATABASE_SECRET,
    KEY,
    MSK,
    NATS,
    SECRET,
    TEMPLATE,
    VPC,
    Stack,
    refusals,
    stack,
)

LONGEST_TIMEOUT_SECONDS = 14 * 60
LONGEST_DESCRIPTION = 256
OTHER_VALUES = {
    "CacheUrl": "valkeys://:password@another.cache.test:6379",
    "DatabaseSecretArn": f"{SECRET}another",
    "KmsKeyArn": "arn:aws:kms:eu-central-1:000000000000:key/2",
    "VpcSubnetIds": "subnet-7,subnet-2",
}
OTHER: Mapping[str, Mapping[str, str]] = {
    name: {name: OTHER_VALUES.get(name) or declared.get("AllowedValues", ["7"])[0]}
    for name, declared in document.load(TEMPLATE.read_text())["Parameters"].items()
    if name != "DatabasePassword"  # of local servers, and nothing that a description may tell
}
"""For each parameter, another value than it has by default or in what is given here."""
FUNCTIONS = {
    "IngestOrdersFunction": "serverless-orders-ingest-orders",
    "MigrateFunction": "serverless-orders-migrate",
    "OrdersApiFunction": "serverless-orders-orders-api",
    "QuarantineFunction": "serverless-orders-quarantine",
    "SubmitOrderFunction": "serverless-orders-submit-order",
}
# Resource providers of LocalStack community 4.14.0, as far as the template needs them; of others it
# says CREATE_COMPLETE with the physical id `unknown`.
OF_LOCALSTACK = {
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "Custom::DatabaseSchema",
}
NEEDS_PROVISIONED_MODE = {
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
}


def version(made: Stack) -> str:
    """Return what tells the version of the look-ups from others."""
    (published,) = made.of_type("AWS::Lambda::Version").values()
    description: str = published["Description"]
    return description


def settings(made: Stack) -> Mapping[str, Any]:
    """Return what a version keeps of the look-up function."""
    kept = {"Environment", "KmsKeyArn", "MemorySize", "Timeout", "VpcConfig"}
    return {
        name: each for name, each in made.properties["OrdersApiFunction"].items() if name in kept
    }


@pytest.fixture(scope="module")
def with_kafka() -> Template:
    return template.read(TEMPLATE, BROKERS)


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
    assert template.read(TEMPLATE, {}).mappings == {}


def test_the_mapping_is_one_that_aws_takes_whatever_the_brokers_are() -> None:
    secret = {"KafkaAuthentication": "SASL_SCRAM_512_AUTH", "KafkaSecretArn": f"{SECRET}kafka"}

    for given in (MSK, MSK | secret, MSK | VPC, BROKERS, BROKERS | VPC, BROKERS | VPC | secret):
        mapping = stack(given).properties["OrdersTopicMapping"]
        configuration = properties.parse("OrdersTopicMapping", mapping, "a:9092")
        assert configuration.pollers.provisioned


def test_a_cluster_s_arn_makes_it_an_msk_mapping() -> None:
    mapping = stack(MSK).properties["OrdersTopicMapping"]

    assert mapping["EventSourceArn"] == MSK["KafkaClusterArn"]
    assert "SelfManagedEventSource" not in mapping
    assert "SourceAccessConfigurations" not in mapping  # IAM


def test_the_mapping_reaches_brokers_of_one_s_own_through_the_given_network() -> None:
    network = {"VpcSubnetIds": "subnet-1,subnet-2,subnet-3", "VpcSecurityGroupIds": "sg-1,sg-2"}
    secret = {"KafkaAuthentication": "BASIC_AUTH", "KafkaSecretArn": f"{SECRET}kafka"}
    authority = {"KafkaRootCaSecretArn": f"{SECRET}ca"}

    mapping = stack(BROKERS, network, secret, authority).properties["OrdersTopicMapping"]

    assert [(one["Type"], one["URI"]) for one in mapping["SourceAccessConfigurations"]] == [
        ("BASIC_AUTH", f"{SECRET}kafka"),
        ("SERVER_ROOT_CA_CERTIFICATE", f"{SECRET}ca"),
        ("VPC_SUBNET", "subnet:subnet-1"),
        ("VPC_SUBNET", "subnet:subnet-2"),
        ("VPC_SUBNET", "subnet:subnet-3"),
        ("VPC_SECURITY_GROUP", "security_group:sg-1"),
    ]
    assert "SourceAccessConfigurations" not in stack(BROKERS).properties["OrdersTopicMapping"]


def test_retry_controls_come_with_provisioned_pollers(with_kafka: Template) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
    for mapping in with_kafka.mappings.values():
        assert mapping.keys() >= NEEDS_PROVISIONED_MODE
        assert mapping["ProvisionedPollerConfig"]["MinimumPollers"]


def test_what_fails_for_a_week_or_ten_thousand_times_is_kept_elsewhere(
    with_kafka: Template,
) -> None:
    # Endless retries (-1) with a destination would be ten: …/dg/kafka-retry-configurations.html
    for mapping in with_kafka.mappings.values():
        assert mapping["MaximumRetryAttempts"] == controls.MOST_RETRIES
        assert mapping["MaximumRecordAgeInSeconds"] == controls.MOST_RECORD_AGE_SECONDS
        destination = mapping["DestinationConfig"]["OnFailure"]["Destination"]
        assert destination.removeprefix("arn:aws:s3:::") == bucket_name("FailedBatchesBucket")


def test_failed_batches_outlive_the_stack() -> None:
    bucket = document.load(TEMPLATE.read_text())["Resources"]["FailedBatchesBucket"]

    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("bucket", ["SiteBucket", "FailedBatchesBucket"])
def test_a_bucket_is_private_and_answers_over_tls_alone(bucket: str) -> None:
    made = stack()
    closed = made.properties[bucket]["PublicAccessBlockConfiguration"]
    denied = made.properties[f"{bucket}Policy"]["PolicyDocument"]["Statement"][0]

    assert len(closed) == 4
    assert all(closed.values())
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_function_behind_a_mapping_ends_within_fourteen_minutes(with_kafka: Template) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-configure.html
    timeout = document.load(TEMPLATE.read_text())["Parameters"]["IngestTimeoutSeconds"]

    assert timeout["MaxValue"] <= LONGEST_TIMEOUT_SECONDS
    for mapping in with_kafka.mappings.values():
        function = with_kafka.function_of(mapping["FunctionName"])
        assert function
        assert with_kafka.timeouts[function] <= LONGEST_TIMEOUT_SECONDS


def test_functions_are_in_the_network_that_is_given_and_log_in_as_they_are_told() -> None:
    made = stack(VPC, DATABASE_IAM, ADMIN, DatabaseUser="orders_app")

    for name, function in made.of_type("AWS::Lambda::Function").items():
        assert function["VpcConfig"]["SubnetIds"] == VPC["VpcSubnetIds"].split(",")
        variables = function["Environment"]["Variables"]
        assert variables["DB_IAM_AUTH"] == "true"
        assert variables["DB_USER"] == "orders_app"
        assert variables.get("DB_APP_USER", "") == (
            "orders_app" if name == "MigrateFunction" else ""
        )
    assert "VpcConfig" not in stack().properties["IngestOrdersFunction"]


def test_functions_together_want_no_more_connections_than_the_parameters_say() -> None:
    reserved = {
        name: int(function["ReservedConcurrentExecutions"])
        for name, function in stack(LookupConcurrency="7").of_type("AWS::Lambda::Function").items()
    }

    assert len(reserved) == len(FUNCTIONS)
    assert reserved["OrdersApiFunction"] == 7
    free = stack(ReservedConcurrency="false").of_type("AWS::Lambda::Function").values()
    assert not any("ReservedConcurrentExecutions" in function for function in free)


@pytest.mark.parametrize("login", [DATABASE_IAM, DATABASE_SECRET])
def test_a_changed_parameter_of_the_look_ups_publishes_a_version_that_has_it(
    login: Mapping[str, str],
) -> None:
    given = {**MSK, **VPC, **KEY, **login}
    former = stack(given)

    changing = [name for name in OTHER if settings(stack(given, OTHER[name])) != settings(former)]
    published = [name for name in changing if version(stack(given, OTHER[name])) != version(former)]

    assert published == changing
    assert {"DatabaseHost", "CacheMaxEntries", "CacheUrl", "VpcSubnetIds", "KmsKeyArn"} < {
        *changing
    }


def test_a_version_tells_its_cache_and_not_who_signs_in_there() -> None:
    logins = ["", ":password@", "user:p%40ssword@"]
    urls = [f"valkeys://{login}orders-1.cache.test:6379" for login in logins]

    (told,) = {version(stack(CacheUrl=url)) for url in urls}

    assert " orders-1 " in told


def test_what_tells_versions_apart_is_no_longer_than_lambda_takes() -> None:
    name = (
        "serverless-orders-infrastructure-proxy.proxy-abcdefghijkl.ap-southeast-2.rds.amazonaws.com"
    )
    subnets = ",".join(f"subnet-0123456789abcdef{n}" for n in range(3))
    long = {
        "CacheUrl": "valkeys://user:password@serverless-orders-infrastructure-abc123"
        ".serverless.apse2.cache.amazonaws.com:6379",
        "DatabaseHost": name,
        "DatabaseUser": "orders_application",
        "DatabaseIamResourceId": "prx-0123456789abcdef0",
        "DatabaseSslRootCert": "system",
        "VpcSubnetIds": subnets,
        "VpcSecurityGroupIds": "sg-0123456789abcdef0",
        "KmsKeyArn": "arn:aws:kms:eu-central-1:000000000000:key/" + "0" * 36,
    }

    assert len(version(stack(long))) <= LONGEST_DESCRIPTION


def test_an_arn_is_the_same_wherever_the_stack_runs() -> None:
    functions = stack().of_type("AWS::Lambda::Function")

    assert {name: each["FunctionName"] for name, each in functions.items()} == FUNCTIONS


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (MSK | BROKERS, "OneKafka"),
        (MSK | {"KafkaAuthentication": "SASL_SCRAM_512_AUTH"}, "KafkaLogin"),
        (BROKERS | {"KafkaSecretArn": f"{SECRET}kafka"}, "KafkaSecretIsUsed"),
        (
            MSK | {"KafkaAuthentication": "BASIC_AUTH", "KafkaSecretArn": f"{SECRET}kafka"},
            "MskLogin",
        ),
        (MSK | {"KafkaRootCaSecretArn": f"{SECRET}ca"}, "MskLogin"),
        ({"DatabaseIamResourceId": "prx-1"}, "IamTokensTravelEncrypted"),
        (DATABASE_IAM | {"DatabaseSecretArn": f"{SECRET}database"}, "IamTokensTravelEncrypted"),
        ({"LookupAuthorization": "COGNITO"}, "LookupsHaveTheirPool"),
        ({"SubmissionAuthorization": "COGNITO"}, "SubmissionsHaveTheirPool"),
        (VPC | {"NatsUrl": "nats://nats.test:4222"}, "NatsHasItsReader"),
        (NATS | {"VpcSubnetIds": ""}, "NatsHasItsReader"),
        ({"DistributionDomainName": "orders.test"}, "NameHasItsCertificate"),
        ({"DistributionCertificateArn": "arn:aws:acm:us-east-1:1:c/1"}, "CertificateHasItsName"),
    ],
)
def test_what_cannot_go_together_is_refused_before_anything_is_made(
    given: Mapping[str, str], rule: str
) -> None:
    assert refusals(given) == {rule}


@pytest.mark.parametrize(
    "given", [{}, MSK | VPC | DATABASE_IAM | ADMIN, BROKERS | VPC, NATS, NATS | MSK]
)
def test_what_goes_together_is_taken(given: Mapping[str, str]) -> None:
    assert refusals(given) == set()


def test_localstack_knows_every_resource_that_is_left_for_it() -> None:
    made = stack(Distribution="false", Monitoring="false")

    assert set(made.types.values()) <= OF_LOCALSTACK


def test_a_deployment_asks_for_the_newest_migration_which_is_in_a_layer_of_the_function(
    with_kafka: Template,
) -> None:
    content = document.load(TEMPLATE.read_text())
    schema = content["Resources"]["DatabaseSchema"]["Properties"]
    function = with_kafka.functions["MigrateFunction"]

    assert schema["Newest"] == migrations.NEWEST
    assert schema["ServiceToken"] == {"Fn::GetAtt": "MigrateFunction.Arn"}
    assert schema["ServiceTimeout"] > function.timeout_seconds
    assert any(list(layer.glob(f"{migrations.NEWEST}_*.sql")) for layer in function.layers)
