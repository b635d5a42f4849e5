"""What a template's intrinsics come to."""

import pytest

from devstack import intrinsics
from devstack.errors import UserError

CONDITIONS = """
HasTopic: !Not [!Equals [!Ref Topic, ""]]
Never: !And [Condition: HasTopic, !Equals [a, b]]
Always: !Or [Condition: Never, Condition: HasTopic]
"""


@pytest.fixture
def resolver() -> intrinsics.Resolver:
    return intrinsics.Resolver({"Topic": "orders", "Port": "5432"}, intrinsics.load(CONDITIONS))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref Topic", "orders"),
        ("!Ref SiteBucket", "SiteBucket"),
        ("!Ref AWS::Region", "eu-central-1"),
        ("!GetAtt IngestFunction.Arn", "IngestFunction"),
        ("!GetAtt [IngestFunction, Arn]", "IngestFunction"),
        ('!Sub "kafka://${Topic}.${AWS::Region}"', "kafka://orders.eu-central-1"),
        ('!Sub ["${Name}:${Port}", {Name: !Ref Topic}]', "orders:5432"),
        ('!Sub "${!Literal}"', "${Literal}"),
        ("!If [HasTopic, yes, no]", True),
        ("!If [Never, 1, 2]", 2),
        ("!If [Always, 1, 2]", 1),
        ('!Join [",", [a, !Ref Topic]]', "a,orders"),
        ('!Split [",", "a,b"]', ["a", "b"]),
        ("!Select [1, [a, b]]", "b"),
        ("Fn::Join: ['-', [a, b]]", "a-b"),
    ],
)
def test_an_intrinsic_comes_to_the_value_cloudformation_documents(
    resolver: intrinsics.Resolver, text: str, value: object
) -> None:
    wrapped = f"Value:\n  {text}" if text.startswith("Fn::") else f"Value: {text}"

    resolved = resolver.resolve(intrinsics.load(wrapped))

    assert resolved == {"Value": value}


def test_what_refers_to_no_value_is_left_out_of_mappings_and_lists(
    resolver: intrinsics.Resolver,
) -> None:
    document = intrinsics.load("{Kept: 1, Gone: !Ref AWS::NoValue, List: [1, !Ref AWS::NoValue]}")

    resolved = resolver.resolve(document)

    assert resolved == {"Kept": 1, "List": [1]}


def test_an_undefined_condition_is_named(resolver: intrinsics.Resolver) -> None:
    with pytest.raises(UserError, match="condition Missing is not defined"):
        resolver.resolve({"Fn::If": ["Missing", 1, 2]})
