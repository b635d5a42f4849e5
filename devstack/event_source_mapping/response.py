"""The response of an invocation: an outcome in, what to send again out.

A batch is resolved only by an answer that says so; anything unclear is a failure of all of it.
https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
"""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from devstack.event_source_mapping.event import EventFormat
from devstack.event_source_mapping.records import Batch, Record, RecordsByPartition


class Answer(NamedTuple):
    """The function ran; `function_error` is the header X-Amz-Function-Error."""

    payload: bytes
    function_error: str | None


class Unreached(NamedTuple):
    """The batch never ran: throttled, refused, or nobody there."""

    reason: str


Outcome = Answer | Unreached


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to send again, and why; nothing to send again is success."""

    retry: RecordsByPartition
    reason: str = ""
    function_failed: bool = False


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules of a mapping; without `report_item_failures` a partial response means nothing."""

    event_format: EventFormat
    report_item_failures: bool

    def verdict(self, batch: Batch, outcome: Outcome) -> Verdict:
        """Decide which records of `batch` are to be sent again after `outcome`."""
        if isinstance(outcome, Unreached):
            return Verdict(batch.records, outcome.reason)
        response = _parse(outcome.payload)
        if fault := outcome.function_error or _hidden_function_error(response):
            return _whole(batch, f"{fault}: {_excerpt(outcome.payload)}")
        if not self.report_item_failures:
            return Verdict({})
        try:
            return self._partial(batch, _failures(response))
        except _InvalidResponseError as error:
            return _whole(batch, f"{error}: {_excerpt(outcome.payload)}")

    def _partial(self, batch: Batch, failures: list[Any]) -> Verdict:
        if not failures:
            return Verdict({})
        sent = {
            (self.event_format.partition_key(partition), record.offset): record
            for partition, records in batch.records.items()
            for record in records
        }
        listed = {_identifier(failure) for failure in failures}
        if unknown := listed - sent.keys():
            message = f"batchItemFailures name a record that was not sent, {min(unknown)}"
            raise _InvalidResponseError(message)
        retry: dict[int, list[Record]] = {}
        for identifier, record in sent.items():
            if identifier in listed:
                retry.setdefault(record.partition, []).append(record)
        return Verdict(retry, f"{len(listed)} batch item failures", function_failed=True)


class _InvalidResponseError(Exception):
    """A partial response that breaks the documented format."""


_NOT_JSON = object()


def _whole(batch: Batch, reason: str) -> Verdict:
    return Verdict(batch.records, reason, function_failed=True)


def _parse(payload: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(payload) if payload.strip() else None
    except ValueError:
        return _NOT_JSON


def _hidden_function_error(response: object) -> str | None:
    # `sam local start-lambda` answers 200 without the header: only the payload tells.
    if isinstance(response, dict) and isinstance(response.get("errorType"), str):
        return str(response["errorType"])
    return None


def _failures(response: object) -> list[Any]:
    if response is None:
        return []
    if not isinstance(response, dict):
        message = "the response is not a JSON object"
        raise _InvalidResponseError(message)
    failures = response.get("batchItemFailures")
    if failures is None:
        return []
    if not isinstance(failures, list):
        message = "batchItemFailures is not a list"
        raise _InvalidResponseError(message)
    return failures


def _identifier(failure: object) -> tuple[str, int]:
    match failure:
        case {"itemIdentifier": {"partition": str(partition), "offset": int(offset)}} if (
            offset is not True and offset is not False
        ):
            return partition, offset
    message = "an itemIdentifier is not {partition, offset}"
    raise _InvalidResponseError(message)


def _excerpt(payload: bytes) -> str:
    return payload[:300].decode(errors="replace")
