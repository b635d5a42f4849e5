"""JSON documents: bytes in, the Kafka event that they are, or that a dead letter holds, out.

A dead letter in S3 holds its event as text, one in a Kafka topic as an object; one in SQS or SNS
tells only where the records stand.
https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache as once
from typing import Any, NamedTuple

from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.records import Batch, Record, by_partition
from devstack.jetstream import TOPIC_PREFIX

_DEAD_LETTER_MARK = b'"KafkaBatchInfo"'

Document = Mapping[str, Any]


class RefusedDocumentError(Exception):
    """A document that cannot be replayed, and why."""


class KafkaEvent(NamedTuple):
    """An event as somebody's mapping sent it."""

    event_format: EventFormat
    batch: Batch
    text: bytes


def is_order(document: object) -> bool:
    """Tell whether a document is an order by itself."""
    return isinstance(document, dict) and "order_uid" in document


def kafka_event(text: bytes) -> KafkaEvent:
    """Read an event, or a dead letter's; raises `RefusedDocumentError` for anything else."""
    document = parsed(text)
    if isinstance(document, dict) and "KafkaBatchInfo" in document:
        text = _payload(document)
        document = parsed(text)
    if not isinstance(document, dict):
        message = "is no JSON object"
        raise RefusedDocumentError(message)
    records = list(_records(document))
    if not records:
        message = "is a Kafka event without records"
        raise RefusedDocumentError(message)
    return KafkaEvent(_format(document), Batch(by_partition(records)), text)


def unwrapped(value: bytes | None) -> KafkaEvent | None:
    """Return the event that a message of a dead-letter topic holds; None: it is no dead letter."""
    if value is None or _DEAD_LETTER_MARK not in value:
        return None
    try:
        document = parsed(value)
        if not isinstance(document, dict) or "KafkaBatchInfo" not in document:
            return None
        return kafka_event(_payload(document))
    except RefusedDocumentError:
        return None  # it only looks like one: a record like any other


def parsed(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Parse JSON; raises `RefusedDocumentError` that says where it is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        message = f"is not JSON ({error})"
        raise RefusedDocumentError(message) from error
    except RecursionError as error:
        message = "is JSON nested too deeply"
        raise RefusedDocumentError(message) from error


def _payload(dead_letter: Document) -> bytes:
    match dead_letter.get("payload"):
        case str(text):
            return text.encode()
        case dict(event):
            return json.dumps(event, separators=(",", ":")).encode()
    message = (
        "is the message of an SQS or SNS destination, which holds no records; they stand in the"
        f" topic: {'; '.join(_commands(dead_letter)) or 'it does not say where'}"
    )
    raise RefusedDocumentError(message)


def _commands(dead_letter: Document) -> Iterator[str]:
    """Say how to replay what a message without a payload is about."""
    info = dead_letter["KafkaBatchInfo"]
    ranges = info.get("recordsInfo") if isinstance(info, dict) else None
    for key, span in (ranges if isinstance(ranges, dict) else {}).items():
        topic, _, partition = key.rpartition("-")
        first, last = span.get("firstRecordOffset"), span.get("lastRecordOffset")
        if topic.startswith(TOPIC_PREFIX):
            stream = topic.removeprefix(TOPIC_PREFIX)
            yield f"replay stream {stream} --from-sequence {first} --to-sequence {last}"
        else:
            place = f"replay topic {topic} --partition {partition}"
            yield f"{place} --from-offset {first} --to-offset {last}"


def _format(event: Document) -> EventFormat:
    topics = {record["topic"] for some in event["records"].values() for record in some}
    if len(topics) > 1:
        message = f"holds records of {len(topics)} topics; a mapping has one"
        raise RefusedDocumentError(message)
    arn = event.get("eventSourceArn")
    servers = str(event.get("bootstrapServers", ""))
    return format_of(topics.pop(), servers, None if arn is None else str(arn))


@once
def format_of(topic: str, bootstrap_servers: str, event_source_arn: str | None) -> EventFormat:
    """Return the one format of a source, so that formats can be told apart by identity."""
    return EventFormat(topic, bootstrap_servers, event_source_arn)


def _records(event: Document) -> Iterator[Record]:
    if "httpMethod" in event or "rawPath" in event:
        message = "is an event of API Gateway; only Kafka events can be replayed"
        raise RefusedDocumentError(message)
    partitions = event.get("records")
    if not isinstance(partitions, dict) or not all(
        isinstance(some, list) for some in partitions.values()
    ):
        message = "is no Kafka event: it has no `records` by partition"
        raise RefusedDocumentError(message)
    for key, some in partitions.items():
        for record in some:
            yield _record(key, record)


def _record(key: str, record: object) -> Record:
    match record:
        case {"topic": str(), "partition": int(partition), "offset": int(offset), **more}:
            timestamp = more.get("timestamp")
            timestamp_ms = timestamp if isinstance(timestamp, int) else -1
            encoded = json.dumps(record, separators=(",", ":")).encode()
            return Record(partition, offset, timestamp_ms, encoded, arrived_at=0)
    message = f"is no Kafka event: a record of {key} lacks its topic, partition or offset"
    raise RefusedDocumentError(message)
