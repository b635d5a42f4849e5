"""The invocation record: what a mapping gave up in, the JSON a destination gets of it out.

https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html and, for the form a Kafka topic
gets, …/dg/kafka-on-failure-destination.html
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

from devstack.account import function_arn
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.given_up import RETRY_ATTEMPTS_EXHAUSTED, GivenUp
from devstack.event_source_mapping.polling.records import Record

RETRIES_EXHAUSTED = "RetriesExhausted"
"""What a Kafka topic is told where the other destinations hear `RetryAttemptsExhausted`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class InvocationRecords:
    """The invocation records of one mapping; `payloadSize` is the size of the event in bytes."""

    configuration: MappingConfiguration
    now: Callable[[], float] = time.time
    """Seconds since the epoch."""

    def for_message(self, given_up: GivenUp) -> str:
        """Return what a queue (SQS) or a topic (SNS) gets: no payload."""
        return json.dumps(self._of_batch(given_up, self._event(given_up.batch.records)))

    def for_object(self, given_up: GivenUp) -> str:
        """Return what a bucket (S3) gets: the event too, as a string of JSON."""
        event = self._event(given_up.batch.records)
        return json.dumps({**self._of_batch(given_up, event), "payload": event.decode()})

    def for_records(self, given_up: GivenUp) -> Iterator[tuple[Record, bytes]]:
        """Yield what a Kafka topic gets of each record: an event of its own too, as JSON."""
        condition = {RETRY_ATTEMPTS_EXHAUSTED: RETRIES_EXHAUSTED}.get(
            given_up.condition, given_up.condition
        )
        for record in given_up.batch:
            event = self._event({record.partition: [record]})
            place = {"offset": str(record.offset), "timestamp": _iso(record.timestamp_ms)}
            info = {**self._info(1, event), "recordInfo": place}
            document = json.dumps(self._document(given_up, condition, info)).encode()
            yield record, b'%b,"payload":%b}' % (document[:-1], event)

    def _of_batch(self, given_up: GivenUp, event: bytes) -> Mapping[str, Any]:
        batch = given_up.batch
        spans = {
            self._format.partition_key(partition): _span(records)
            for partition, records in batch.records.items()
        }
        info = {**self._info(len(batch), event), "recordsInfo": spans}
        return self._document(given_up, given_up.condition, info)

    def _document(
        self, given_up: GivenUp, condition: str, info: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        name, answer = self.configuration.function_name, given_up.last_answer
        return {
            "requestContext": {
                # Where there was no request, or its id was not told, one is made up.
                "requestId": (answer and answer.request_id) or str(uuid4()),
                "functionArn": name if name.startswith("arn:") else function_arn(name),
                "condition": condition,
                "approximateInvokeCount": given_up.invoke_count,
            },
            # A partial response is an answer without an error: its functionError is null.
            "responseContext": answer
            and {
                "statusCode": answer.status,
                "executedVersion": answer.executed_version,
                "functionError": answer.function_error,
            },
            "version": "1.0",
            "timestamp": _iso(int(self.now() * 1000)),
            "KafkaBatchInfo": info,
        }

    def _info(self, batch_size: int, event: bytes) -> Mapping[str, Any]:
        arn = self.configuration.event_source_arn
        return {
            "batchSize": batch_size,
            # AWS's pages do not tell what a self-managed cluster, which has none, is given.
            **({"eventSourceArn": arn} if arn else {}),
            "bootstrapServers": self.configuration.bootstrap_servers,
            "payloadSize": len(event),
        }

    def _event(self, records: Mapping[int, Sequence[Record]]) -> bytes:
        return self._format.event(records)

    @cached_property
    def _format(self) -> EventFormat:
        return EventFormat.of(self.configuration)


def _span(records: Sequence[Record]) -> Mapping[str, str]:
    first, last = records[0], records[-1]
    return {
        "firstRecordOffset": str(first.offset),
        "lastRecordOffset": str(last.offset),
        "firstRecordTimestamp": _iso(first.timestamp_ms),
        "lastRecordTimestamp": _iso(last.timestamp_ms),
    }


def _iso(timestamp_ms: int) -> str:
    """Write a time as AWS does; one that no calendar has (a producer may send any) is the last."""
    try:
        moment = _EPOCH + timedelta(milliseconds=timestamp_ms)
    except OverflowError:
        moment = _LAST
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
