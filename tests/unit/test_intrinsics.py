"""What a template's intrinsics come to."""

import re

import pytest

from devstack import intrinsics
from devstack.account import ACCOUNT, REGION
from devstack.errors import UserError
from devstack.sam import document, parameters
from devstack.unresolved import Unresolved, unresolved_in

CONDITIONS = """
HasTopic: !Not [!Equals [!Ref Topic, ""]]
Never: !And [Condition: HasTopic, !Equals [a, b]]
Always: !Or [Condition: Never, Condition: HasTopic]
Unknown: !Equals [!Ref Missing, a]
"""
PARAMETERS = """
Topic: {Type: String}
Port: {Type: Number, Default: 5432}
Flag: {Type: String, Default: true}
Brokers: {Type: CommaDelimitedList, Default: "a:1, b:2"}
Missing: {Type: String}
Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /orders/size}
"""
MAPPINGS = "{Sizes: {eu-central-1: {batch: 7, all: [1, !Ref Port]}, prod: {batch: 9}}}"
RESOURCES = """
Failed: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${Topic}-failed"}}
Told: {Type: AWS::SNS::Topic}
Files: {Type: AWS::S3::Bucket}
Named: {Type: AWS::S3::Bucket, Properties: {BucketName: files}}
Work: {Type: AWS::Serverless::Function, Properties: {FunctionName: work}}
Live: {Type: AWS::Lambda::Alias, Properties: {Name: live, FunctionName: !GetAtt Work.Arn}}
First: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Work}}
Cluster: {Type: AWS::MSK::Cluster, Properties: {ClusterName: demo}}
Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: !ImportValue T}}
"""
HERE = f"{REGION}:{ACCOUNT}"


@pytest.fixture
def resolver() -> intrinsics.Resolver:
    given = {"Topic": "orders", "Size": "3", "resolve:ssm:/orders/password:1": "secret"}
    return intrinsics.Resolver(
        parameters.values(document.load(PARAMETERS), given),
        document.load(CONDITIONS),
        document.load(MAPPINGS),
        document.load(RESOURCES),
    )


def value_of(resolver: intrinsics.Resolver, text: str) -> object:
    wrapped = f"Value:\n  {text}" if text.startswith("Fn::") else f"Value: {text}"
    return resolver.resolve(document.load(wrapped))["Value"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref Topic", "orders"),
        ("!Ref Flag", "true"),
        ("!Ref Brokers", ["a:1", "b:2"]),
        ("!Ref SomeRole", "SomeRole"),
        ("!Ref AWS::Region", "eu-central-1"),
        ("!Ref AWS::Partition", "aws"),
        ('!Sub "kafka://${Topic}.${AWS::Region}"', "kafka://orders.eu-central-1"),
        ('!Sub ["${Name}:${Port}", {Name: !Ref Topic}]', "orders:5432"),
        ('!Sub "${!Literal}"', "${Literal}"),
        ("!If [HasTopic, yes, no]", True),
        ("!If [Never, 1, 2]", 2),
        ("!If [Always, 1, 2]", 1),
        ("!If [Never, !ImportValue X, 2]", 2),
        ('!Join [",", [a, !Ref Topic]]', "a,orders"),
        ('!Join [",", !Ref Brokers]', "a:1,b:2"),
        ('!Split [",", "a,b"]', ["a", "b"]),
        ("!Select [1, [a, b]]", "b"),
        ("Fn::Join: ['-', [a, b]]", "a-b"),
        ("!FindInMap [Sizes, !Ref AWS::Region, batch]", 7),
        ("!FindInMap [Sizes, !Ref AWS::Region, all]", [1, "5432"]),
        ("!ImportValue Size", "3"),
        ("'p={{resolve:ssm:/orders/password:1}}'", "p=secret"),
    ],
)
def test_an_intrinsic_comes_to_the_value_cloudformation_documents(
    resolver: intrinsics.Resolver, text: str, value: object
) -> None:
    assert value_of(resolver, text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref Failed", f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders-failed"),
        ("!GetAtt Failed.Arn", f"arn:aws:sqs:{HERE}:orders-failed"),
        ("!GetAtt [Failed, Arn]", f"arn:aws:sqs:{HERE}:orders-failed"),
        ("!GetAtt Failed.QueueName", "orders-failed"),
        ("!GetAtt Failed.QueueUrl", f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders-failed"),
        ("!Ref Told", f"arn:aws:sns:{HERE}:Told"),
        ("!GetAtt Told.TopicArn", f"arn:aws:sns:{HERE}:Told"),
        ("!GetAtt Told.TopicName", "Told"),
        ("!Ref Files", "serverless-orders-files"),
        ("!GetAtt Files.Arn", "arn:aws:s3:::serverless-orders-files"),
        ("!Ref Named", "files"),
        ("!Ref Work", "work"),
        ("!GetAtt Work.Arn", f"arn:aws:lambda:{HERE}:function:work"),
        ('!Sub "${Work.Arn}:live"', f"arn:aws:lambda:{HERE}:function:work:live"),
        ("!Ref Live", f"arn:aws:lambda:{HERE}:function:work:live"),
        ("!Ref First", "work:1"),
        ("!GetAtt Table.StreamArn", "Table"),
    ],
)
def test_a_reference_to_a_resource_is_what_aws_answers_in_the_local_account(
    resolver: intrinsics.Resolver, text: str, value: object
) -> None:
    assert value_of(resolver, text) == value


def test_a_cluster_s_reference_is_its_arn(resolver: intrinsics.Resolver) -> None:
    arn = value_of(resolver, "!Ref Cluster")

    assert str(arn).startswith(f"arn:aws:kafka:{HERE}:cluster/demo/")
    assert arn == value_of(resolver, "!GetAtt Cluster.Arn")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("!Ref Missing", "parameter Missing, .* give --parameter 'Missing=value'"),
        ("!Ref Stored", "parameter Stored, kept in SSM, .* --parameter 'Stored=value'"),
        ("!ImportValue Other", "the export Other .* --parameter 'Other=value'"),
        ('!ImportValue {"Fn::Sub": "${Missing}-x"}', "parameter Missing"),
        ("'a{{resolve:ssm:/b:1}}'", "--parameter 'resolve:ssm:/b:1=value'"),
        ("!GetAZs ''", "Fn::GetAZs is worked out by AWS"),
        ("!Cidr [10.0.0.0/16, 2, 8]", "Fn::Cidr is worked out by AWS"),
        ("!FindInMap [Sizes, us-east-1, batch]", "Mappings has nothing under Sizes, us-east-1"),
        ("!FindInMap [Sizes, !Ref Missing, batch]", "parameter Missing"),
        ('!Sub "${Missing}/x"', "parameter Missing"),
        ('!Join ["", [a, !Ref Missing]]', "parameter Missing"),
        ("!Select [0, !GetAZs '']", "Fn::GetAZs"),
        ("!Select [4, !Split ['/', !Ref Topic]]", "Select: there is no element 4"),
        ("!If [Unknown, 1, 2]", "parameter Missing"),
        ("!If [Never, 1, !Ref Missing]", "parameter Missing"),
    ],
)
def test_what_only_aws_knows_stands_in_its_place_with_the_way_out(
    resolver: intrinsics.Resolver, text: str, reason: str
) -> None:
    unresolved = value_of(resolver, text)

    assert isinstance(unresolved, Unresolved)
    assert unresolved_in({"nested": ["known", unresolved]}) is unresolved
    assert re.search(reason, unresolved.reason)


def test_what_refers_to_no_value_is_left_out_of_mappings_and_lists(
    resolver: intrinsics.Resolver,
) -> None:
    content = document.load("{Kept: 1, Gone: !Ref AWS::NoValue, List: [1, !Ref AWS::NoValue]}")

    resolved = resolver.resolve(content)

    assert resolved == {"Kept": 1, "List": [1]}


def test_an_undefined_condition_is_named(resolver: intrinsics.Resolver) -> None:
    with pytest.raises(UserError, match="condition Missing is not defined"):
        resolver.resolve({"Fn::If": ["Missing", 1, 2]})


def test_a_condition_that_only_aws_can_tell_is_named_with_the_way_out(
    resolver: intrinsics.Resolver,
) -> None:
    with pytest.raises(UserError, match=r"condition Unknown: parameter Missing.*--parameter"):
        resolver.holds("Unknown")


def test_a_parameter_nobody_asks_for_is_refused() -> None:
    declared = {"Topic": {"Type": "String"}}

    parameters.check(["Topic", "Size"], declared, "!ImportValue Size")

    with pytest.raises(UserError, match="no parameter Size; the parameters: Topic"):
        parameters.check(["Size"], declared, "BatchSize: 1")
