"""Names of a template's resources: Ref and GetAtt in, what the local account answers out.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from devstack.account import ACCOUNT, REGION, bucket_name, function_arn

BUCKET = "AWS::S3::Bucket"
QUEUE = "AWS::SQS::Queue"
TOPIC = "AWS::SNS::Topic"
FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")

_NAME_PROPERTY = {
    BUCKET: "BucketName",
    QUEUE: "QueueName",
    TOPIC: "TopicName",
    **dict.fromkeys(FUNCTIONS, "FunctionName"),
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Lambda::Alias": "Name",
    "AWS::MSK::Cluster": "ClusterName",
    "AWS::MSK::ServerlessCluster": "ClusterName",
}
_HERE = f"{REGION}:{ACCOUNT}"
_ARN: Mapping[str, Callable[[str], str]] = {
    BUCKET: lambda name: f"arn:aws:s3:::{name}",
    QUEUE: lambda name: f"arn:aws:sqs:{_HERE}:{name}",
    TOPIC: lambda name: f"arn:aws:sns:{_HERE}:{name}",
    **dict.fromkeys(FUNCTIONS, function_arn),
    "AWS::MSK::Cluster": lambda name: _cluster_arn(name, 1),
    "AWS::MSK::ServerlessCluster": lambda name: _cluster_arn(name, "s1"),
}
_REFERENCE_IS_ARN = {TOPIC, "AWS::MSK::Cluster", "AWS::MSK::ServerlessCluster"}
_ARN_ATTRIBUTES = {"Arn", "TopicArn"}
_URL_ATTRIBUTE = "QueueUrl"
_REFERENCE_IS_NAME = (BUCKET, *FUNCTIONS)


def named(resource: Mapping[str, Any], name: str | None) -> Mapping[str, Any]:
    """Return a resource with the name it was given where it is, unless it has one of its own."""
    kind = resource.get("Type")
    if name is None or kind not in _REFERENCE_IS_NAME:
        return resource
    properties = {_NAME_PROPERTY[str(kind)]: name, **(resource.get("Properties") or {})}
    return {**resource, "Properties": properties}


class Names:
    """What the resources of one template are called."""

    def __init__(
        self, resources: Mapping[str, Mapping[str, Any]], resolve: Callable[[Any], Any]
    ) -> None:
        self._resources = resources
        self._resolve = resolve

    def of(self, logical_id: str) -> str:
        """Return a resource's name: its own, or the logical id where it leaves that to AWS."""
        kind, properties = self._described(logical_id)
        name = self._resolve(properties.get(_NAME_PROPERTY.get(kind, "")))
        if isinstance(name, str) and name:
            return name
        return bucket_name(logical_id) if kind == BUCKET else logical_id

    def reference(self, logical_id: str) -> str:
        """Answer `Ref`."""
        kind, properties = self._described(logical_id)
        name = self.of(logical_id)
        if kind == QUEUE:
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
        if kind == "AWS::Lambda::Alias":
            return f"{self._resolve(properties.get('FunctionName'))}:{name}"
        if kind == "AWS::Lambda::Version":
            return f"{self._resolve(properties.get('FunctionName'))}:1"
        return _ARN[kind](name) if kind in _REFERENCE_IS_ARN else name

    def attribute(self, logical_id: str, attribute: str) -> str:
        """Answer `GetAtt`; an attribute that is not known here is the resource's name."""
        kind, _ = self._described(logical_id)
        if attribute in _ARN_ATTRIBUTES and kind in _ARN:
            return _ARN[kind](self.of(logical_id))
        if attribute == _URL_ATTRIBUTE:
            return self.reference(logical_id)
        return self.of(logical_id)

    def _described(self, logical_id: str) -> tuple[str, Mapping[str, Any]]:
        resource = self._resources.get(logical_id, {})
        return str(resource.get("Type")), resource.get("Properties") or {}


def _cluster_arn(name: str, suffix: object) -> str:
    return f"arn:aws:kafka:{_HERE}:cluster/{name}/{uuid5(NAMESPACE_URL, name)}-{suffix}"
