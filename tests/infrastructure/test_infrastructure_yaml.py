"""What neither cfn-lint nor the policy checks can know of infrastructure.yaml."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import jmespath
import pytest

from devstack.intrinsics import Resolver
from devstack.sam import document, parameters
from tests.servers import ROOT

TEXT = (ROOT / "infrastructure.yaml").read_text()
CONTENT = document.load(TEXT)
RESOURCES = CONTENT["Resources"]
SERVICE = document.load((ROOT / "template.yaml").read_text())

Properties = Mapping[str, Any]
Way = tuple[str, str, int]

EVERY_KIND = pytest.mark.parametrize("kind", CONTENT["Parameters"]["MskType"]["AllowedValues"])
ALWAYS: set[Way] = {
    ("FunctionSecurityGroup", "ProxySecurityGroup", 5432),
    ("ProxySecurityGroup", "DatabaseSecurityGroup", 5432),
    ("FunctionSecurityGroup", "EndpointSecurityGroup", 443),
}
TO_BROKERS: set[Way] = {
    ("BrokerSecurityGroup", "BrokerSecurityGroup", 9098),
    ("KafkaClientSecurityGroup", "BrokerSecurityGroup", 9098),
}
TO_CACHE: set[Way] = {("FunctionSecurityGroup", "CacheSecurityGroup", 6379)}
CACHE = {"Cache": "true"}
NATS = {"NatsCidr": "10.43.0.0/16"}
OF_THE_CONTAINER = {"ecr.api", "ecr.dkr", "lambda", "logs"}
NOWHERE = "127.0.0.1/32"
SUBNETS = [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}, {"Ref": "SubnetC"}]


def made(**given: str) -> dict[str, Properties]:
    """Return the resources that are made under these parameters, as they are written."""
    values = parameters.values(CONTENT["Parameters"], given)
    conditions = Resolver(values, CONTENT["Conditions"])
    return {
        name: resource
        for name, resource in RESOURCES.items()
        if "Condition" not in resource or conditions.holds(resource["Condition"])
    }


def of_type(resources: Mapping[str, Properties], *kinds: str) -> dict[str, Properties]:
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] in kinds
    }


def ways_out(resources: Mapping[str, Properties]) -> list[tuple[str, Properties]]:
    """Return each group's name with each rule of where it may connect to."""
    inline = [
        (name, rule)
        for name, group in of_type(resources, "AWS::EC2::SecurityGroup").items()
        for rule in group["SecurityGroupEgress"]
    ]
    apart = of_type(resources, "AWS::EC2::SecurityGroupEgress").values()
    return inline + [(rule["GroupId"]["Ref"], rule) for rule in apart]


def port(rule: Properties) -> int:
    assert rule["FromPort"] == rule["ToPort"]
    assert rule["IpProtocol"] == "tcp"
    return int(rule["ToPort"])


@EVERY_KIND
@pytest.mark.parametrize("more", [{}, CACHE, NATS], ids=["", "cache", "nats"])
def test_everything_that_is_to_talk_is_let_out_and_in_and_nothing_else_is(
    kind: str, more: Mapping[str, str]
) -> None:
    resources = made(MskType=kind, **more)
    into = of_type(resources, "AWS::EC2::SecurityGroupIngress").values()

    expected = ALWAYS if kind == "none" else ALWAYS | TO_BROKERS
    if more == CACHE:
        expected = expected | TO_CACHE
    assert {
        (group, rule["DestinationSecurityGroupId"]["Ref"], port(rule))
        for group, rule in ways_out(resources)
        if "CidrIp" not in rule
    } == expected
    assert {
        (rule["SourceSecurityGroupId"]["Ref"], rule["GroupId"]["Ref"], port(rule)) for rule in into
    } == expected


@EVERY_KIND
def test_nobody_is_let_in_by_address_and_out_to_s3_only(kind: str) -> None:
    resources = made(MskType=kind)
    groups = of_type(resources, "AWS::EC2::SecurityGroup").values()

    assert not any("SecurityGroupIngress" in group for group in groups)
    by_address = {
        (group, rule["CidrIp"], port(rule))
        for group, rule in ways_out(resources)
        if rule.get("CidrIp", NOWHERE) != NOWHERE
    }
    assert by_address == {("FunctionSecurityGroup", "0.0.0.0/0", 443)}


def test_nats_is_called_where_it_is() -> None:
    assert [
        (group, port(rule))
        for group, rule in ways_out(made(**NATS))
        if rule.get("CidrIp") == {"Ref": "NatsCidr"}
    ] == [("FunctionSecurityGroup", 4222)]


def test_the_container_that_reads_nats_finds_its_image_its_log_and_the_function() -> None:
    asked = {
        endpoint["ServiceName"]["Fn::Sub"].partition("${AWS::Region}.")[2]
        for endpoint in of_type(made(**NATS), "AWS::EC2::VPCEndpoint").values()
    }

    assert asked == {"s3", "secretsmanager"} | OF_THE_CONTAINER
    assert not OF_THE_CONTAINER & {
        endpoint["ServiceName"]["Fn::Sub"].partition("${AWS::Region}.")[2]
        for endpoint in of_type(made(), "AWS::EC2::VPCEndpoint").values()
    }


def test_nobody_of_another_account_comes_through_an_endpoint_of_a_service() -> None:
    endpoints = of_type(RESOURCES, "AWS::EC2::VPCEndpoint").values()
    interfaces = [one for one in endpoints if one["VpcEndpointType"] == "Interface"]

    for endpoint in interfaces:
        [statement] = endpoint["PolicyDocument"]["Statement"]
        account = {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}
        assert statement["Condition"] == {"StringEquals": account}
        assert endpoint["SecurityGroupIds"] == [{"Ref": "EndpointSecurityGroup"}]
        assert endpoint["SubnetIds"] == SUBNETS


def test_there_is_no_cache_unless_it_is_asked_for() -> None:
    kind = "AWS::ElastiCache::ServerlessCache"

    assert not of_type(made(), kind)
    assert of_type(made(**CACHE), kind)


def test_the_cache_costs_no_more_than_the_parameters_say() -> None:
    limits = RESOURCES["ValkeyCache"]["Properties"]["CacheUsageLimits"]

    assert limits["DataStorage"] == {"Maximum": {"Ref": "CacheGigabytes"}, "Unit": "GB"}
    assert limits["ECPUPerSecond"] == {"Maximum": {"Ref": "CacheUnitsPerSecond"}}


def test_the_cache_s_address_is_one_that_the_service_takes() -> None:
    handed_on = CONTENT["Outputs"]["CacheUrl"]["Value"]["Fn::Sub"]
    address = re.sub(r"\$\{[\w.]+Address\}", "orders.test", handed_on)

    # A serverless cache always has TLS: …/AmazonElastiCache/latest/dg/wwe-troubleshooting.html
    assert re.sub(r"\$\{[\w.]+Port\}", "6379", address) == "valkeys://orders.test:6379"
    pattern = SERVICE["Parameters"]["CacheUrl"]["AllowedPattern"]
    assert re.fullmatch(pattern, "valkeys://orders.test:6379")


def test_each_part_is_in_its_group() -> None:
    of = {name: resource["Properties"] for name, resource in RESOURCES.items()}

    assert of["DatabaseProxy"]["VpcSecurityGroupIds"] == [{"Ref": "ProxySecurityGroup"}]
    assert of["Database"]["VpcSecurityGroupIds"] == [{"Ref": "DatabaseSecurityGroup"}]
    brokers = of["ProvisionedKafka"]["BrokerNodeGroupInfo"]
    assert of["ValkeyCache"]["SecurityGroupIds"] == [{"Ref": "CacheSecurityGroup"}]
    assert brokers["SecurityGroups"] == [{"Ref": "BrokerSecurityGroup"}]
    assert of["ServerlessKafka"]["VpcConfigs"][0]["SecurityGroups"] == brokers["SecurityGroups"]
    assert CONTENT["Outputs"]["VpcSecurityGroupIds"]["Value"] == {"Ref": "FunctionSecurityGroup"}


def test_each_part_is_in_all_three_zones() -> None:
    of = {name: resource["Properties"] for name, resource in RESOURCES.items()}
    subnets = of_type(RESOURCES, "AWS::EC2::Subnet")

    assert [{"Ref": name} for name in subnets] == SUBNETS
    zones = [subnet["AvailabilityZone"]["Fn::Select"][0] for subnet in subnets.values()]
    addresses = [subnet["CidrBlock"]["Fn::Select"][0] for subnet in subnets.values()]
    assert zones == addresses == [0, 1, 2]
    assert of["DatabaseProxy"]["VpcSubnetIds"] == SUBNETS
    assert of["DatabaseSubnets"]["SubnetIds"] == SUBNETS
    assert of["ValkeyCache"]["SubnetIds"] == SUBNETS
    assert of["ProvisionedKafka"]["BrokerNodeGroupInfo"]["ClientSubnets"] == SUBNETS
    assert of["ServerlessKafka"]["VpcConfigs"][0]["SubnetIds"] == SUBNETS
    assert CONTENT["Outputs"]["VpcSubnetIds"]["Value"] == {"Fn::Join": [",", SUBNETS]}


def test_every_subnet_finds_s3_through_the_gateway_and_the_internet_nowhere() -> None:
    routes = of_type(RESOURCES, "AWS::EC2::SubnetRouteTableAssociation").values()

    assert [route["SubnetId"] for route in routes] == SUBNETS
    assert {route["RouteTableId"]["Ref"] for route in routes} == {"RouteTable"}
    assert RESOURCES["S3Endpoint"]["Properties"]["RouteTableIds"] == [{"Ref": "RouteTable"}]
    assert not of_type(
        RESOURCES, "AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"
    )


def test_the_migration_s_answer_gets_through_the_gateway() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
    [statement, *others] = RESOURCES["S3Endpoint"]["Properties"]["PolicyDocument"]["Statement"]

    assert all(other["Fn::If"][0] == "HasNats" for other in others)
    assert statement["Action"] == "s3:PutObject"
    assert ":cloudformation-custom-resource-response-*/*" in statement["Resource"]["Fn::Sub"]


def test_everything_at_rest_is_encrypted_with_the_stack_s_key_which_is_renewed() -> None:
    key = {"Fn::GetAtt": "DataKey.Arn"}
    database = RESOURCES["Database"]["Properties"]
    at_rest = RESOURCES["ProvisionedKafka"]["Properties"]["EncryptionInfo"]["EncryptionAtRest"]
    groups = of_type(RESOURCES, "AWS::Logs::LogGroup").values()
    instances = of_type(RESOURCES, "AWS::RDS::DBInstance").values()

    assert RESOURCES["DataKey"]["Properties"]["EnableKeyRotation"] is True
    assert database["StorageEncrypted"] is True
    assert at_rest["DataVolumeKMSKeyId"] == database["KmsKeyId"] == key
    assert RESOURCES["ValkeyCache"]["Properties"]["KmsKeyId"] == key
    assert all(group["KmsKeyId"] == key for group in groups)
    assert all(instance["PerformanceInsightsKMSKeyId"] == key for instance in instances)


def test_nothing_travels_in_clear() -> None:
    transit = RESOURCES["ProvisionedKafka"]["Properties"]["EncryptionInfo"]["EncryptionInTransit"]

    assert transit == {"ClientBroker": "TLS", "InCluster": True}
    assert RESOURCES["DatabaseProxy"]["Properties"]["RequireTLS"] is True
    database = RESOURCES["DatabaseParameters"]["Properties"]["Parameters"]
    assert database["rds.force_ssl"] == "1"


def test_who_comes_to_the_brokers_comes_by_iam() -> None:
    by_iam = {"Iam": {"Enabled": True}}
    provisioned = RESOURCES["ProvisionedKafka"]["Properties"]["ClientAuthentication"]

    assert provisioned == {"Sasl": by_iam, "Unauthenticated": {"Enabled": False}}
    assert RESOURCES["ServerlessKafka"]["Properties"]["ClientAuthentication"] == {"Sasl": by_iam}


def test_the_functions_reach_the_database_by_iam_and_the_administrator_by_password() -> None:
    proxy = RESOURCES["DatabaseProxy"]["Properties"]
    database = RESOURCES["Database"]["Properties"]
    secret = {"Fn::GetAtt": "Database.MasterUserSecret.SecretArn"}
    role = RESOURCES["DatabaseProxyRole"]["Properties"]["Policies"][0]["PolicyDocument"]

    assert database["EnableIAMDatabaseAuthentication"] is True
    assert proxy["DefaultAuthScheme"] == "IAM_AUTH"
    assert [(one["SecretArn"], one["IAMAuth"]) for one in proxy["Auth"]] == [(secret, "DISABLED")]
    connect, read = role["Statement"]
    assert connect["Action"] == "rds-db:connect"
    assert connect["Resource"]["Fn::Sub"].endswith(
        "${Database.DBClusterResourceId}/${DatabaseUser}"
    )
    assert (read["Action"], read["Resource"]) == ("secretsmanager:GetSecretValue", secret)
    assert CONTENT["Outputs"]["DatabaseAdminSecretArn"]["Value"] == secret


def test_the_topic_stands_a_broker_s_end() -> None:
    brokers = RESOURCES["ProvisionedKafka"]["Properties"]["NumberOfBrokerNodes"]
    settings = RESOURCES["KafkaConfiguration"]["Properties"]["ServerProperties"].splitlines()

    assert brokers == len(SUBNETS)
    assert RESOURCES["OrdersTopic"]["Properties"]["ReplicationFactor"] == brokers
    assert f"min.insync.replicas={brokers - 1}" in settings
    assert "unclean.leader.election.enable=false" in settings


def test_what_holds_data_says_what_becomes_of_it() -> None:
    kinds = ("RDS::DB(Cluster|Instance)", "MSK::.*(Cluster|Topic)", "KMS::Key", "Logs::LogGroup")
    stateful = re.compile(f"AWS::({'|'.join(kinds)})")
    policies = {
        name: (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        for name, resource in RESOURCES.items()
        if stateful.fullmatch(resource["Type"])
    }

    assert all(deleted and replaced for deleted, replaced in policies.values()), policies
    assert policies["Database"] == ("Snapshot", "Snapshot")
    assert policies["DataKey"] == ("RetainExceptOnCreate", "Retain"), "snapshots need their key"
    assert {name for name, (_, replaced) in policies.items() if replaced == "Retain"} == {
        "DataKey",
        "OrdersTopic",
        "ProvisionedKafka",
        "ServerlessKafka",
    }


def test_the_database_is_not_deleted_by_mistake() -> None:
    protection = RESOURCES["Database"]["Properties"]["DeletionProtection"]

    assert protection == {"Ref": "DatabaseDeletionProtection"}
    assert CONTENT["Parameters"]["DatabaseDeletionProtection"]["Default"] == "true"


@pytest.mark.parametrize(
    ("kind", "cluster"), [("provisioned", "ProvisionedKafka"), ("serverless", "ServerlessKafka")]
)
def test_the_cluster_of_either_kind_is_handed_on(kind: str, cluster: str) -> None:
    values = parameters.values(CONTENT["Parameters"], {"MskType": kind})
    resolver = Resolver(values, CONTENT["Conditions"], {}, RESOURCES)

    handed_on = resolver.resolve(CONTENT["Outputs"]["KafkaClusterArn"]["Value"])

    assert handed_on == resolver.resolve({"Fn::GetAtt": f"{cluster}.Arn"})
    assert of_type(made(MskType=kind), f"AWS::MSK::{'Serverless' * (kind == 'serverless')}Cluster")


def test_the_proxy_s_resource_id_is_the_last_part_of_its_arn() -> None:
    index, parts = CONTENT["Outputs"]["DatabaseIamResourceId"]["Value"]["Fn::Select"]

    arn = "arn:aws:rds:eu-central-1:000000000000:db-proxy:prx-0abc"
    assert parts == {"Fn::Split": [":", {"Fn::GetAtt": "DatabaseProxy.DBProxyArn"}]}
    assert arn.split(":")[int(index)] == "prx-0abc"


def test_every_output_is_a_parameter_of_the_service() -> None:
    assert CONTENT["Outputs"].keys() <= SERVICE["Parameters"].keys()


def test_what_both_templates_ask_for_has_one_default() -> None:
    for name in ("KafkaTopic", "DatabaseName"):
        of_service, own = SERVICE["Parameters"][name], CONTENT["Parameters"][name]
        assert own["Default"] == of_service["Default"], name


def test_the_command_that_hands_the_outputs_on_writes_them_as_sam_reads_parameters() -> None:
    query = re.search(r'--query "(.+?)" --output text', TEXT)
    outputs = {"VpcSubnetIds": "subnet-1,subnet-2,subnet-3", "DatabasePort": "5432"}
    stack = {"Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()]}

    assert query
    assert jmespath.search(query[1], {"Stacks": [stack]}) == [
        "VpcSubnetIds=subnet-1,subnet-2,subnet-3",
        "DatabasePort=5432",
    ]


def test_the_commands_mean_the_stack_that_sam_s_settings_make() -> None:
    samconfig = tomllib.loads((ROOT / "samconfig.toml").read_text())
    settings = samconfig["infrastructure"]["deploy"]["parameters"]

    assert "sam deploy --config-env infrastructure\n" in TEXT
    assert settings["template_file"] == "infrastructure.yaml"
    assert f"--stack-name {settings['stack_name']} " in TEXT
    roles = of_type(RESOURCES, "AWS::IAM::Role").values()
    assert settings["capabilities"] == "CAPABILITY_IAM", "enough for roles without names"
    assert not any("RoleName" in role for role in roles)
