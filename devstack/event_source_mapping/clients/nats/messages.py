"""The messages of a stream: what a consumer was given in, a record of the mapping out.

Topic = stream, partition 0, offset = the stream's sequence. Nothing of a message is left out.
https://docs.nats.io/reference/reference-protocols/nats_api_reference
"""

from collections.abc import Sequence
from typing import NamedTuple

from devstack.event_source_mapping.polling.records import ConsumedRecord

PARTITION = 0
"""The only one of a stream."""

HANDLES = "$JS.ACK."
"""How the reply subject of a consumer's message begins, and of nothing else."""

_NANOSECONDS_A_MILLISECOND = 1_000_000
_SHORT = 9
"""Words of a handle without domain and account."""


class Message(NamedTuple):
    """A message as it was delivered; `handle` is the subject its acknowledgement goes to."""

    sequence: int
    """Of the stream."""
    delivery: int
    """Of the consumer, which counts whatever it delivers, to anybody."""
    timestamp_ms: int
    subject: bytes
    headers: bytes
    value: bytes
    handle: str


def message(subject: str, handle: str, headers: bytes, value: bytes) -> Message:
    """Read a delivered message.

    The handle: $JS.ACK.[domain.account.]stream.consumer.deliveries.sequence.delivery.time.pending
    """
    words = handle.split(".")
    place = 5 if len(words) == _SHORT else 7
    sequence, delivery, nanoseconds = map(int, words[place : place + 3])
    return Message(
        sequence,
        delivery,
        nanoseconds // _NANOSECONDS_A_MILLISECOND,
        subject.encode(errors="surrogateescape"),
        headers,
        value,
        handle,
    )


def consumed_record(one: Message, stream: str) -> ConsumedRecord:
    """Return what a message holds, in the mapping's words."""
    return ConsumedRecord(
        PARTITION,
        one.sequence,
        one.timestamp_ms,
        "LOG_APPEND_TIME",
        _key(one.subject, stream.encode()),
        one.value,
        headers_of(one.headers),
    )


def headers_of(block: bytes) -> Sequence[tuple[str, bytes | None]]:
    """Read a block of headers; repeated ones are all there, a line without a colon has no value."""
    read: list[tuple[str, bytes | None]] = []
    for line in block.split(b"\r\n")[1:]:  # the first is the protocol's name
        name, colon, value = line.partition(b":")
        if line:
            read.append(
                (name.strip().decode(errors="backslashreplace"), value.strip() if colon else None)
            )
    return read


def _key(subject: bytes, stream: bytes) -> bytes | None:
    if subject == stream:
        return None
    return subject.removeprefix(stream + b".")
