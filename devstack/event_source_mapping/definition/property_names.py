"""Names of a mapping's properties: a mapping in, nothing out but why one of them cannot be."""

from collections.abc import Collection, Mapping

from devstack.event_source_mapping.refusals import Properties, RefusedError
from devstack.unresolved import unresolved_in

USED: Collection[str] = (
    "AmazonManagedKafkaEventSourceConfig",
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "Enabled",
    "EventSourceArn",
    "FilterCriteria",
    "FunctionName",
    "FunctionResponseTypes",
    "LoggingConfig",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ProvisionedPollerConfig",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "StartingPosition",
    "StartingPositionTimestamp",
    "Topics",
)
UNUSED: Collection[str] = ("KmsKeyArn", "SourceAccessConfigurations", "Tags")
"""Properties that may be given and change nothing locally."""

OF_OTHER_SOURCES: Mapping[str, str] = {
    "DocumentDBEventSourceConfig": "Amazon DocumentDB",
    "ParallelizationFactor": "Kinesis and DynamoDB",
    "Queues": "Amazon MQ",
    "ScalingConfig": "Amazon SQS",
    "TumblingWindowInSeconds": "Kinesis and DynamoDB",
}


def check_names(properties: Properties) -> None:
    """Refuse properties that CloudFormation does not know, or that are not for Kafka."""
    for name in properties:
        if source := OF_OTHER_SOURCES.get(name):
            message = f"{name}: only for {source}, not for Kafka"
            raise RefusedError(message)
        if name not in USED and name not in UNUSED:
            message = f"{name}: an event source mapping has no such property"
            raise RefusedError(message)


def check_resolved(properties: Properties, needless: str | None) -> None:
    """Refuse values that only AWS knows, but for what is not needed here."""
    for name, value in properties.items():
        unresolved = unresolved_in(value)
        if unresolved and name not in UNUSED and name != needless:
            message = f"{name}: {unresolved.reason}"
            raise RefusedError(message)
