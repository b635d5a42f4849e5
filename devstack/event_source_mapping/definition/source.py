"""The source of a mapping: properties in, topic, brokers, group and starting position out.

https://docs.aws.amazon.com/lambda/latest/dg/kafka-esm-parameters.html
https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
"""

import re
import time
from collections.abc import Collection, Mapping

from devstack.event_source_mapping.definition.configuration import StartingPosition
from devstack.event_source_mapping.refusals import Properties, RefusedError, listed, section
from devstack.unresolved import Unresolved

ACCESS_TYPES: Mapping[str, Collection[str]] = {
    "an MSK": ("CLIENT_CERTIFICATE_TLS_AUTH", "SASL_SCRAM_512_AUTH"),
    "a self-managed": (
        "BASIC_AUTH",
        "CLIENT_CERTIFICATE_TLS_AUTH",
        "IAM_AUTH",
        "IAM_OAUTHBEARER_AUTH",
        "OAUTHBEARER_AUDIENCE",
        "OAUTHBEARER_AUTH",
        "OAUTHBEARER_IDENTITY_POOL",
        "OAUTHBEARER_LOGICAL_CLUSTER",
        "OAUTHBEARER_SCOPE",
        "SASL_SCRAM_256_AUTH",
        "SASL_SCRAM_512_AUTH",
        "SERVER_ROOT_CA_CERTIFICATE",
        "VPC_SECURITY_GROUP",
        "VPC_SUBNET",
    ),
}
"""Types of SourceAccessConfigurations. …/api/API_SourceAccessConfiguration.html"""

_TOPIC = re.compile(r"[^.][a-zA-Z0-9\-_.]{1,248}")
_GROUP = re.compile(r"[ a-zA-Z0-9\-/*:_+=.@]{1,200}")
_BROKER = re.compile(r"[^\s:,]+:\d{1,5}")
_CONFIGS = {
    "AmazonManagedKafkaEventSourceConfig": ("ConsumerGroupId", "SchemaRegistryConfig"),
    "SelfManagedKafkaEventSourceConfig": (
        "ConsumerGroupId",
        "SchemaRegistryConfig",
        "ConsumptionMode",
    ),
}


def topic(properties: Properties) -> str:
    """Read Topics, of which there is exactly one."""
    topics = listed(properties, "Topics")
    if len(topics) != 1:
        message = f"Topics: exactly one topic is allowed, not {len(topics)}"
        raise RefusedError(message)
    name = str(topics[0])
    if not _TOPIC.fullmatch(name):
        message = f"Topics: {name!r} is not a topic's name"
        raise RefusedError(message)
    return name


def starting_position(properties: Properties) -> StartingPosition:
    """Read StartingPosition, which a mapping of Kafka must have."""
    position = properties.get("StartingPosition")
    if position is None:
        message = "StartingPosition is missing"
        raise RefusedError(message)
    try:
        return StartingPosition(position)
    except ValueError as error:
        message = f"StartingPosition: {position!r} is none of {', '.join(StartingPosition)}"
        raise RefusedError(message) from error


def starting_timestamp(properties: Properties) -> float | None:
    """Read StartingPositionTimestamp: seconds since the epoch, not in the future."""
    name = "StartingPositionTimestamp"
    value = properties.get(name)
    at_timestamp = starting_position(properties) is StartingPosition.AT_TIMESTAMP
    if (value is not None) != at_timestamp:
        message = f"{name}: goes with StartingPosition AT_TIMESTAMP, and only so"
        raise RefusedError(message)
    if value is None:
        return None
    if not re.fullmatch(r"\d+(\.\d+)?", str(value)):
        message = f"{name}: {value!r} is not a number of seconds since 1970-01-01"
        raise RefusedError(message)
    if float(value) > time.time():
        message = f"{name}: {value} is in the future"
        raise RefusedError(message)
    return float(value)


def event_source_arn(properties: Properties) -> str | None:
    """Read EventSourceArn; None when the brokers are self-managed."""
    arn, own = properties.get("EventSourceArn"), properties.get("SelfManagedEventSource")
    if bool(arn) == bool(own):
        message = "exactly one of EventSourceArn and SelfManagedEventSource is required"
        raise RefusedError(message)
    if arn and not re.fullmatch(r"arn:[^:]+:kafka:[^:]*:[^:]*:.+", str(arn)):
        message = f"EventSourceArn: {arn!r} is not the ARN of an MSK cluster"
        raise RefusedError(message)
    return str(arn) if arn else None


def bootstrap_servers(properties: Properties) -> str:
    """Read the brokers of a self-managed source; an MSK cluster's are AWS's to look up."""
    own = section(properties, "SelfManagedEventSource", ("Endpoints",))
    # CloudFormation's spelling, and the API's.
    endpoints = section(own, "Endpoints", ("KafkaBootstrapServers", "KAFKA_BOOTSTRAP_SERVERS"))
    servers = endpoints.get("KafkaBootstrapServers") or endpoints.get("KAFKA_BOOTSTRAP_SERVERS")
    if not servers:
        message = "no Kafka brokers: give SelfManagedEventSource, or the brokers' addresses"
        raise RefusedError(message)
    addresses = servers.split(",") if isinstance(servers, str) else [*map(str, servers)]
    if wrong := [address for address in addresses if not _BROKER.fullmatch(address.strip())]:
        message = f"KafkaBootstrapServers: {wrong[0]!r} is not a broker's host:port"
        raise RefusedError(message)
    return ",".join(address.strip() for address in addresses)


def consumer_group(properties: Properties) -> str | None:
    """Read ConsumerGroupId, and refuse what such a source may have and this mapping does not."""
    settings: dict[str, object] = {}
    for name, allowed in _CONFIGS.items():
        settings |= section(properties, name, allowed)
    if settings.get("SchemaRegistryConfig"):
        message = "SchemaRegistryConfig: schema registries are not supported by the local mapping"
        raise RefusedError(message)
    _check_consumption_mode(str(settings.get("ConsumptionMode", "Stream")))
    group = settings.get("ConsumerGroupId")
    if group is not None and not _GROUP.fullmatch(str(group)):
        message = f"ConsumerGroupId: {group!r} is not a group's name of 1 to 200 characters"
        raise RefusedError(message)
    return None if group is None else str(group)


def _check_consumption_mode(mode: str) -> None:
    if mode == "Queue":
        message = "ConsumptionMode Queue: share groups are not supported by the local mapping"
        raise RefusedError(message)
    if mode != "Stream":
        message = f"ConsumptionMode: {mode!r} is none of Stream, Queue"
        raise RefusedError(message)


def access_types(properties: Properties) -> list[str]:
    """Read the types of SourceAccessConfigurations; where they lead is not used here."""
    name = "SourceAccessConfigurations"
    kind = "an MSK" if properties.get("EventSourceArn") else "a self-managed"
    if isinstance(properties.get(name), Unresolved):
        return []
    given = [section({name: access}, name, ("Type", "URI")) for access in listed(properties, name)]
    types = [str(access.get("Type")) for access in given]
    if unknown := [some for some in types if some not in ACCESS_TYPES[kind]]:
        known = ", ".join(ACCESS_TYPES[kind])
        message = f"{name}: {unknown[0]!r} is none of {kind} source's {known}"
        raise RefusedError(message)
    return types
