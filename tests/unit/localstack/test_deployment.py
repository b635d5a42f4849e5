"""What LocalStack made of a template's resources, by its own list."""

import pytest

from devstack.errors import UserError
from devstack.localstack.deployment import made


def resource(name: str, kind: str, physical: str | None) -> dict[str, str]:
    told = {"LogicalResourceId": name, "ResourceType": kind}
    return told if physical is None else {**told, "PhysicalResourceId": physical}


def test_what_was_made_has_its_name() -> None:
    listed = [resource("SiteBucket", "AWS::S3::Bucket", "bucket-1")]

    assert made(listed) == {"SiteBucket": "bucket-1"}


def test_what_a_condition_left_out_is_not_missed() -> None:
    assert made([resource("Dashboard", "AWS::CloudWatch::Dashboard", None)]) == {}


def test_what_localstack_does_not_know_is_named_with_the_way_out() -> None:
    listed = [
        resource("SiteBucket", "AWS::S3::Bucket", "bucket-1"),
        resource("Cluster", "AWS::MSK::Cluster", "unknown"),
        resource("Proxy", "AWS::RDS::DBProxy", "unknown"),
    ]

    with pytest.raises(UserError) as refusal:
        made(listed)

    assert str(refusal.value).startswith(
        "LocalStack does not know Cluster (AWS::MSK::Cluster), Proxy (AWS::RDS::DBProxy); give"
    )


def test_a_custom_resource_is_expected_to_be_unknown() -> None:
    listed = [resource("DatabaseSchema", "Custom::DatabaseSchema", "unknown")]

    assert made(listed) == {"DatabaseSchema": "unknown"}
