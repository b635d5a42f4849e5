"""What is asked of JetStream: a stream and a consumer in, subjects, bodies and answers out.

https://docs.nats.io/reference/reference-protocols/nats_api_reference
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    StartingPosition,
)

ACK_WAIT_SECONDS = 6.0
"""How long the messages of a process that vanished are missed: as long as a Kafka session."""

LEAST_ACK_PENDING = 1000
BATCHES_PENDING = 2
"""How many batches may be held: one on its way, and the next."""

_NANOSECONDS = 1_000_000_000
_NO_SUBJECT = str.maketrans(dict.fromkeys(" .*>/\\", "_"))


class Bound(NamedTuple):
    """A consumer as the server described it."""

    stream_created: str
    consumer_created: str
    ack_wait_seconds: float
    pending: int
    """Messages that somebody holds, or held when it died."""
    delivered: int
    """The highest sequence that was delivered."""
    deliveries: int
    acknowledged: int
    """The sequence below which nothing is pending."""


class ConsumerUnfitError(Exception):
    """A consumer that was made by somebody else cannot do what is needed."""


def durable_name(group: str) -> str:
    """Name the consumer of a group; a group's name may have what a consumer's must not."""
    return group.translate(_NO_SUBJECT)


def stream_info(stream: str) -> str:
    """Return where a stream is asked for."""
    return f"$JS.API.STREAM.INFO.{stream}"


def consumer_info(stream: str, consumer: str) -> str:
    """Return where a consumer is asked for."""
    return f"$JS.API.CONSUMER.INFO.{stream}.{consumer}"


def consumer_creation(stream: str, consumer: str) -> str:
    """Return where a consumer is made."""
    return f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{consumer}"


def messages_of(stream: str, consumer: str) -> str:
    """Return where messages are asked for."""
    return f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"


def pull(most: int, most_bytes: int, seconds: float) -> bytes:
    """Ask for messages, for so long."""
    asked = {"batch": most, "max_bytes": most_bytes, "expires": int(seconds * _NANOSECONDS)}
    return json.dumps(asked).encode()


def nak(delay_seconds: float) -> bytes:
    """Ask for a message again, after a while."""
    if not delay_seconds:
        return b"-NAK"
    return b"-NAK " + json.dumps({"delay": int(delay_seconds * _NANOSECONDS)}).encode()


def creation(configuration: MappingConfiguration, stream: str, start: Mapping[str, Any]) -> bytes:
    """Describe the consumer; `start` says where it begins."""
    pending = max(LEAST_ACK_PENDING, BATCHES_PENDING * configuration.batch_size)
    config = {
        "durable_name": durable_name(configuration.consumer_group),
        "ack_policy": "explicit",
        "ack_wait": int(ACK_WAIT_SECONDS * _NANOSECONDS),
        # The server's own limit loses what it gives up: giving up is the mapping's.
        "max_deliver": -1,
        "max_ack_pending": pending,
        **start,
    }
    return json.dumps({"stream_name": stream, "config": config}).encode()


def beginning(configuration: MappingConfiguration) -> Mapping[str, Any]:
    """Return where a consumer begins that was never there."""
    match configuration.starting_position:
        case StartingPosition.LATEST:
            return {"deliver_policy": "new"}
        case StartingPosition.AT_TIMESTAMP:
            since = datetime.fromtimestamp(configuration.starting_timestamp_seconds or 0, UTC)
            return {"deliver_policy": "by_start_time", "opt_start_time": since.isoformat()}
        case StartingPosition.TRIM_HORIZON:
            return EVERYTHING


EVERYTHING: Mapping[str, Any] = {"deliver_policy": "all"}


def since(sequence: int) -> Mapping[str, Any]:
    """Return where a consumer begins that was deleted."""
    return {"deliver_policy": "by_start_sequence", "opt_start_seq": sequence}


def bound(stream: Mapping[str, Any], consumer: Mapping[str, Any]) -> Bound:
    """Read what the server says of both; raises `ConsumerUnfitError`."""
    config = consumer["config"]
    _check(consumer["name"], config)
    return Bound(
        stream["created"],
        consumer["created"],
        config["ack_wait"] / _NANOSECONDS,
        consumer["num_ack_pending"],
        consumer["delivered"]["stream_seq"],
        consumer["delivered"]["consumer_seq"],
        consumer["ack_floor"]["stream_seq"],
    )


def _check(name: str, config: Mapping[str, Any]) -> None:
    wrong = {
        "is a push consumer": "deliver_subject" in config,
        "does not want every message acknowledged": config["ack_policy"] != "explicit",
        "gives messages up by itself (max_deliver)": config.get("max_deliver", -1) != -1,
        "has times of its own between deliveries (backoff)": bool(config.get("backoff")),
    }
    for what, holds in wrong.items():
        if holds:
            message = f"consumer {name} {what}; delete it, or choose another group"
            raise ConsumerUnfitError(message)
