"""Kafka: a Lambda event in, records out; and the records left undone in, a batch response out.

One record that cannot be decoded never harms the others of its event.
The shapes: https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html
"""

import binascii
from collections.abc import Iterable, Iterator
from typing import Any, Final, NotRequired, TypedDict

from aws_lambda_powertools.utilities.data_classes import KafkaEvent
from aws_lambda_powertools.utilities.data_classes.kafka_event import KafkaEventRecord

from orders.faults import Words, fault
from orders.record import Fault, Record

_LATEST_MS: Final = 253_402_300_799_999
"""The end of the year 9999."""
_KEY: Final = Words("key", "ключ")
_VALUE: Final = Words("value", "значение")


class _ItemIdentifier(TypedDict):
    partition: str
    offset: int


class _BatchItemFailure(TypedDict):
    itemIdentifier: _ItemIdentifier


class Fates(TypedDict):
    """How many records of a batch found which fate; quarantined ones by the code of the fault."""

    stored: int
    duplicates: int
    quarantined: dict[str, int]


class BatchResponse(TypedDict):
    """What `ReportBatchItemFailures` expects of a function that reads Kafka.

    `fates` is there for a caller that asked for it; an event source mapping never does.
    """

    batchItemFailures: list[_BatchItemFailure]
    fates: NotRequired[Fates]


def records(event: dict[str, Any]) -> Iterator[Record]:
    """Yield the records of a Lambda event for Kafka in the event's order."""
    return map(_record, KafkaEvent(event).records)


def batch_response(undone: Iterable[Record], fates: Fates | None = None) -> BatchResponse:
    """Name the records that Lambda shall deliver again.

    https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
    """
    response: BatchResponse = {
        "batchItemFailures": [
            {
                "itemIdentifier": {
                    "partition": f"{record.topic}-{record.partition}",
                    "offset": record.offset,
                }
            }
            for record in undone
        ]
    }
    if fates is not None:
        response["fates"] = fates
    return response


def _record(source: KafkaEventRecord) -> Record:
    key, key_fault = _decoded(source.get("key"), _KEY)
    value, value_fault = _decoded(source.get("value"), _VALUE)
    headers, headers_fault = _headers(source.get("headers"))
    return Record(
        topic=source.topic,
        partition=source.partition,
        offset=source.offset,
        produced_at_ms=_produced_at_ms(source.get("timestamp")),
        timestamp_type=source.get("timestampType") or "",
        key=key or None,  # AWS leaves a null key out; an empty one says as little
        value=value,
        headers=headers,
        damage=value_fault or key_fault or headers_fault,
    )


def _decoded(text: str | None, part: Words) -> tuple[bytes | None, Fault | None]:
    """Decode base64; what is none is kept as it came."""
    if text is None:
        return None, None
    try:
        return binascii.a2b_base64(text, strict_mode=True), None
    except (ValueError, TypeError):
        return str(text).encode(errors="backslashreplace"), fault("not_base64", part=part)


def _headers(
    entries: list[dict[str, list[int]]] | None,
) -> tuple[tuple[tuple[str, bytes], ...], Fault | None]:
    """Decode headers in their order, doubles kept; Lambda sends Java's signed bytes."""
    try:
        return tuple(
            (name, bytes(byte & 0xFF for byte in value or ()))
            for entry in entries or ()
            for name, value in entry.items()
        ), None
    except (TypeError, AttributeError):
        kept = (("undecoded", str(entries).encode(errors="backslashreplace")),)
        return kept, fault("bad_headers")


def _produced_at_ms(timestamp: object) -> int | None:
    """Drop what is no time: producers may write anything, and -1 where they know none."""
    if isinstance(timestamp, int) and 0 <= timestamp <= _LATEST_MS:
        return timestamp
    return None
