"""The properties of a mapping: CloudFormation's in, a checked configuration out.

What AWS refuses at deployment is refused here, in one line that names mapping and property.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
"""

import re
from typing import Any
from uuid import UUID, uuid5

from devstack.errors import UserError
from devstack.event_source_mapping.configuration import (
    DEFAULT_BATCH_SIZE,
    DEFAULT_WINDOW_SECONDS,
    MappingConfiguration,
    StartingPosition,
)
from devstack.event_source_mapping.controls import (
    Properties,
    RefusedError,
    check_controls,
    source_settings,
    whole_number,
)

MAXIMUM_BATCH_SIZE = 10_000
MAXIMUM_WINDOW_SECONDS = 300
MAXIMUM_GROUP_CHARACTERS = 200

_UUID_NAMESPACE = UUID("6f6eb2c6-3d9b-4c62-9d3e-6d2a1e8d9b57")


def parse(
    name: str, properties: Properties, bootstrap_servers: str | None = None
) -> MappingConfiguration:
    """Read the resolved properties of an `AWS::Lambda::EventSourceMapping`.

    `bootstrap_servers` replaces the template's. Raises `UserError`, naming mapping and property.
    """
    try:
        given = {key: value for key, value in properties.items() if value not in (None, "")}
        return _parse(name, given, bootstrap_servers)
    except RefusedError as error:
        message = f"{name}: {error}"
        raise UserError(message) from error


def _parse(
    name: str, properties: Properties, bootstrap_servers: str | None
) -> MappingConfiguration:
    check_controls(properties)
    topic = _topic(properties)
    arn = _event_source_arn(properties)
    position = _position(properties)
    return MappingConfiguration(
        name=name,
        function_name=str(_required(properties, "FunctionName")),
        topic=topic,
        bootstrap_servers=bootstrap_servers or _bootstrap_servers(properties),
        consumer_group=_consumer_group(properties) or _mapping_uuid(name, properties),
        starting_position=position,
        starting_timestamp_seconds=_starting_timestamp(properties, position),
        event_source_arn=arn,
        batch_size=whole_number(
            properties, "BatchSize", range(1, MAXIMUM_BATCH_SIZE + 1), DEFAULT_BATCH_SIZE
        ),
        window_seconds=_window_seconds(properties),
        report_item_failures="ReportBatchItemFailures"
        in properties.get("FunctionResponseTypes", ()),
    )


def _topic(properties: Properties) -> str:
    topics = _required(properties, "Topics")
    if not isinstance(topics, list) or len(topics) != 1:
        message = "Topics: exactly one topic is allowed"
        raise RefusedError(message)
    topic = str(topics[0])
    if not re.fullmatch(r"[^.]([a-zA-Z0-9\-_.]{0,248})", topic):
        message = f"Topics: {topic!r} is not a topic's name"
        raise RefusedError(message)
    return topic


def _position(properties: Properties) -> StartingPosition:
    position = _required(properties, "StartingPosition")
    try:
        return StartingPosition(position)
    except ValueError as error:
        message = f"StartingPosition: {position!r} is none of {', '.join(StartingPosition)}"
        raise RefusedError(message) from error


def _starting_timestamp(properties: Properties, position: StartingPosition) -> float | None:
    timestamp = properties.get("StartingPositionTimestamp")
    if (timestamp is not None) != (position is StartingPosition.AT_TIMESTAMP):
        message = "StartingPositionTimestamp: goes with StartingPosition AT_TIMESTAMP, and only so"
        raise RefusedError(message)
    return None if timestamp is None else float(timestamp)


def _event_source_arn(properties: Properties) -> str | None:
    arn, own = properties.get("EventSourceArn"), properties.get("SelfManagedEventSource")
    if bool(arn) == bool(own):
        message = "exactly one of EventSourceArn and SelfManagedEventSource is required"
        raise RefusedError(message)
    return str(arn) if arn else None


def _bootstrap_servers(properties: Properties) -> str:
    endpoints = properties.get("SelfManagedEventSource", {}).get("Endpoints", {})
    # CloudFormation's spelling, and the API's.
    servers = endpoints.get("KafkaBootstrapServers") or endpoints.get("KAFKA_BOOTSTRAP_SERVERS")
    if not servers:
        message = "no Kafka brokers: give SelfManagedEventSource, or the brokers' addresses"
        raise RefusedError(message)
    return servers if isinstance(servers, str) else ",".join(servers)


def _consumer_group(properties: Properties) -> str | None:
    group = source_settings(properties).get("ConsumerGroupId")
    if group is not None and len(group) > MAXIMUM_GROUP_CHARACTERS:
        message = f"ConsumerGroupId: longer than {MAXIMUM_GROUP_CHARACTERS} characters"
        raise RefusedError(message)
    return None if group is None else str(group)


def _mapping_uuid(name: str, properties: Properties) -> str:
    """AWS gives a mapping a UUID when it is made; here the same mapping always gets the same."""
    source = properties.get("EventSourceArn") or properties["SelfManagedEventSource"]
    what = (name, properties["FunctionName"], properties["Topics"], source)
    return str(uuid5(_UUID_NAMESPACE, repr(what)))


def _required(properties: Properties, name: str) -> Any:  # noqa: ANN401 - any property
    if name not in properties:
        message = f"{name} is missing"
        raise RefusedError(message)
    return properties[name]


def _window_seconds(properties: Properties) -> float:
    # Half a second has no number of its own: it is what an unset property means.
    if properties.get("MaximumBatchingWindowInSeconds") is None:
        return DEFAULT_WINDOW_SECONDS
    return whole_number(
        properties, "MaximumBatchingWindowInSeconds", range(MAXIMUM_WINDOW_SECONDS + 1)
    )
