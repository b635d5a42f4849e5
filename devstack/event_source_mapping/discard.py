"""What a mapping gives up: a record and the condition in, one line in the log out.

The only place where a record is dropped.
https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
"""

import logging

from devstack.event_source_mapping.records import Record

MAXIMUM_PAYLOAD_SIZE_EXCEEDED = "MaximumPayloadSizeExceeded"

_log = logging.getLogger(__name__)


def discard(record: Record, partition_key: str, condition: str) -> None:
    """Tell that a record is dropped, with its coordinates; there is no destination yet."""
    _log.error(
        "dropped the record at offset %d of %s (%d bytes in the event): %s",
        record.offset,
        partition_key,
        len(record.encoded),
        condition,
    )
