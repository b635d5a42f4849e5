"""Kafka mappings of a template: raw resources and SAM events in, CloudFormation properties out.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-msk.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-selfmanagedkafka.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from devstack.account import function_arn

RESOURCE = "AWS::Lambda::EventSourceMapping"

Properties = Mapping[str, Any]

_OF_KAFKA = {
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "Topics",
}
_SOURCE_SETTINGS = ("ConsumerGroupId", "SchemaRegistryConfig", "ConsumptionMode")
_FOR_POLICIES_ALONE = ("SecretsManagerKmsKeyId",)
_SETTINGS_NAME = {
    "MSK": "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafka": "SelfManagedKafkaEventSourceConfig",
}


def is_of_kafka(properties: Properties) -> bool:
    """Tell a mapping of Kafka from one of a queue or another stream."""
    return bool(_OF_KAFKA & properties.keys()) or ":kafka:" in str(properties.get("EventSourceArn"))


def of_resource(properties: Properties) -> Properties:
    """Return a raw resource's properties; a function of this template goes by its name."""
    name = properties.get("FunctionName")
    if not isinstance(name, str):
        return properties
    return {**properties, "FunctionName": name.removeprefix(function_arn(""))}


def of_events(
    function_id: str, function_name: str, events: Mapping[str, Any]
) -> Iterator[tuple[str, Properties]]:
    """Yield the mappings that SAM makes of a function's events, by their logical ids."""
    for event_name, event in events.items():
        kind = event.get("Type")
        if kind in _SETTINGS_NAME:
            properties = _translated(kind, event.get("Properties") or {})
            yield f"{function_id}{event_name}", {"FunctionName": function_name, **properties}


def _translated(kind: str, event: Properties) -> dict[str, Any]:
    elsewhere = {*_SOURCE_SETTINGS, *_FOR_POLICIES_ALONE}
    properties = {name: value for name, value in event.items() if name not in elsewhere}
    settings = {name: event[name] for name in _SOURCE_SETTINGS if name in event}
    if settings:
        properties[_SETTINGS_NAME[kind]] = settings
    if "Stream" in properties:
        properties["EventSourceArn"] = properties.pop("Stream")
    if "KafkaBootstrapServers" in properties:
        servers = properties.pop("KafkaBootstrapServers")
        properties["SelfManagedEventSource"] = {"Endpoints": {"KafkaBootstrapServers": servers}}
    if "DestinationConfig" in properties:
        properties["DestinationConfig"] = _without_type(properties["DestinationConfig"])
    return properties


def _without_type(config: Any) -> Any:  # noqa: ANN401 - as the template has it
    """Leave out OnFailure.Type, by which SAM chooses a policy and which no mapping has."""
    on_failure = config.get("OnFailure") if isinstance(config, Mapping) else None
    if not isinstance(on_failure, Mapping):
        return config
    return {
        **config,
        "OnFailure": {name: value for name, value in on_failure.items() if name != "Type"},
    }
