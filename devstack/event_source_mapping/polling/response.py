"""The response of an invocation: an outcome in, the records that failed out.

A batch is resolved only by an answer that says so; anything unclear is a failure of all of it.
https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
"""

import json
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from devstack.event_source_mapping.definition.choices import AS_DEFAULT, Choices
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.outcome import Answer, Outcome, Unreached
from devstack.event_source_mapping.polling.records import Batch, RecordsByPartition, by_partition


class Kind(Enum):
    """What became of an invocation."""

    ACCEPTED = auto()
    UNREACHED = auto()
    FAILED = auto()
    PARTIAL = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which records failed, and why; none is success."""

    kind: Kind
    failed: RecordsByPartition
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules of a mapping; without `report_item_failures` a partial response means nothing."""

    event_format: EventFormat
    report_item_failures: bool
    choices: Choices = AS_DEFAULT

    def verdict(self, batch: Batch, outcome: Outcome) -> Verdict:
        """Decide which records of `batch` failed by `outcome`."""
        if isinstance(outcome, Unreached):
            return Verdict(Kind.UNREACHED, batch.records, outcome.reason)
        response = _parse(outcome.payload)
        if fault := outcome.function_error or _hidden_function_error(response):
            return _whole(batch, fault, outcome)
        if not self.report_item_failures:
            return Verdict(Kind.ACCEPTED, {})
        try:
            listed = self._listed(response)
        except _MalformedResponseError as error:
            if self.choices.accept_malformed_responses:
                return Verdict(Kind.ACCEPTED, {})
            return _whole(batch, str(error), outcome)
        return self._partial(batch, listed, outcome)

    def _partial(self, batch: Batch, listed: set[tuple[str, int]], answer: Answer) -> Verdict:
        if not listed:
            return Verdict(Kind.ACCEPTED, {})
        sent = {
            (self.event_format.partition_key(record.partition), record.offset): record
            for record in batch
        }
        if unknown := listed - sent.keys():
            named = f"batchItemFailures name a record that was not sent, {min(unknown)}"
            return _whole(batch, named, answer)
        failed = by_partition(record for place, record in sent.items() if place in listed)
        return Verdict(Kind.PARTIAL, failed, f"{len(listed)} batch item failures")

    def _listed(self, response: object) -> set[tuple[str, int]]:
        if response is None:
            return set()
        if not isinstance(response, dict):
            message = "the response is not a JSON object"
            raise _MalformedResponseError(message)
        failures = response.get("batchItemFailures", [])
        if failures is None and self.choices.accept_null_failures:
            return set()
        if not isinstance(failures, list):
            message = "batchItemFailures is not a list"
            raise _MalformedResponseError(message)
        return set(map(_identifier, failures))


class _MalformedResponseError(Exception):
    """A partial response that breaks the documented format."""


_NOT_JSON = object()


def _whole(batch: Batch, fault: str, answer: Answer) -> Verdict:
    return Verdict(Kind.FAILED, batch.records, f"{fault}: {_excerpt(answer.payload)}")


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


def _identifier(failure: object) -> tuple[str, int]:
    match failure:
        case {"itemIdentifier": {"partition": str(partition), "offset": int(offset)}} if (
            offset is not True and offset is not False
        ):
            return partition, offset
    message = "an itemIdentifier is not {partition, offset}"
    raise _MalformedResponseError(message)


def _excerpt(payload: bytes) -> str:
    return payload[:300].decode(errors="replace")
