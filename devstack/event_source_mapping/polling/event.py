"""The event a function receives: consumed records in, the JSON AWS documents out.

A record is encoded once, when it arrives; an event is those pieces joined, so its exact size is
known before it is made.
https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html and …/with-kafka.html
"""

import json
from array import array
from binascii import b2a_base64
from collections.abc import Sequence
from typing import Self

from devstack.event_source_mapping.definition.choices import AS_DEFAULT, Choices, Tombstone
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.polling.records import ConsumedRecord, Record, RecordsByPartition

_TOMBSTONES = {
    Tombstone.OMIT: b"",
    Tombstone.NULL: b',"value":null',
    Tombstone.EMPTY: b',"value":""',
}


class EventFormat:
    """The event shape of one mapping; self-managed sources have no `event_source_arn`."""

    def __init__(
        self,
        topic: str,
        bootstrap_servers: str,
        event_source_arn: str | None,
        choices: Choices = AS_DEFAULT,
    ) -> None:
        source = (
            {"eventSource": "aws:kafka", "eventSourceArn": event_source_arn}
            if event_source_arn
            else {"eventSource": "SelfManagedKafka"}
        )
        envelope = _json({**source, "bootstrapServers": bootstrap_servers})
        self._topic = topic
        self._head = envelope[:-1] + b',"records":{'
        self._prefixes: dict[int, bytes] = {}
        self._tombstone = _TOMBSTONES[choices.tombstone]
        self._null_header = choices.null_header.encode()
        self.largest_bytes = choices.largest_event_bytes
        # Every record and every partition is counted with a comma; the first partition has none.
        self.envelope_bytes = len(self._head) + len(b"}}") - 1

    @classmethod
    def of(cls, configuration: MappingConfiguration) -> Self:
        """Return the event shape of a mapping."""
        return cls(
            configuration.topic,
            configuration.bootstrap_servers,
            configuration.event_source_arn,
            configuration.choices,
        )

    def partition_key(self, partition: int) -> str:
        """Name a partition as `records` and partial responses do: `<topic>-<partition>`."""
        return f"{self._topic}-{partition}"

    def partition_bytes(self, partition: int) -> int:
        """Count what naming a partition adds to an event (its first record has no comma)."""
        return len(f'"{self.partition_key(partition)}":[],') - 1

    def encode(self, record: ConsumedRecord) -> bytes:
        """Write one record; a null key or value is left out, header bytes are signed."""
        prefix = self._prefixes.get(record.partition) or self._prefix(record.partition)
        key, value = record.key, record.value
        return b'%b%d,"timestamp":%d,"timestampType":"%b"%b%b,"headers":%b}' % (
            prefix,
            record.offset,
            record.timestamp_ms,
            record.timestamp_type.encode(),
            b"" if key is None else b',"key":"%b"' % b2a_base64(key, newline=False),
            self._tombstone
            if value is None
            else b',"value":"%b"' % b2a_base64(value, newline=False),
            self._headers(record.headers) if record.headers else b"[]",
        )

    def event(self, records: RecordsByPartition) -> bytes:
        """Join encoded records into the event."""
        partitions = (
            b'"%b":[%b]'
            % (self.partition_key(partition).encode(), b",".join([r.encoded for r in some]))
            for partition, some in records.items()
        )
        return b"%b%b}}" % (self._head, b",".join(partitions))

    def fits_alone(self, record: Record) -> bool:
        """Tell whether a record can be sent at all."""
        alone = self.envelope_bytes + self.partition_bytes(record.partition)
        return alone + record_bytes(record) <= self.largest_bytes

    def _headers(self, headers: Sequence[tuple[str, bytes | None]]) -> bytes:
        written = (
            b"{%b:%b}" % (_json(name), self._null_header if value is None else _signed(value))
            for name, value in headers
        )
        return b"[%b]" % b",".join(written)

    def _prefix(self, partition: int) -> bytes:
        prefix = _json({"topic": self._topic, "partition": partition})[:-1] + b',"offset":'
        return self._prefixes.setdefault(partition, prefix)


def record_bytes(record: Record) -> int:
    """Count what a record adds to an event, its comma included."""
    return len(record.encoded) + 1


def _signed(value: bytes) -> bytes:
    # Java's bytes are signed, and it shows: aws-powertools/powertools-lambda-python#6862
    return _json(array("b", value).tolist())


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
