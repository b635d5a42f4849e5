"""The choices of a mapping: what AWS does not document, each a named switch with its default.

docs/event_source_mapping.md lists them; a test keeps that table true.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self

from devstack.errors import UserError


class Tombstone(StrEnum):
    """How a record without a value is written into the event."""

    OMIT = "omit"
    NULL = "null"
    EMPTY = "empty"


class AgeFrom(StrEnum):
    """Where the age of a record begins."""

    TIMESTAMP = "timestamp"
    ARRIVAL = "arrival"


class Headers(StrEnum):
    """Which headers a record carries into a dead-letter topic."""

    NONE = "none"
    ORIGINAL = "original"


@dataclass(frozen=True)
class Choices:
    """The switches of one mapping process."""

    tombstone: Tombstone = Tombstone.OMIT
    """A null value is left out, as a null key is."""
    null_header: str = "[]"
    """The JSON a header without a value gets."""
    largest_event_bytes: int = 6_291_456
    """The 6 MB of an event, over the serialised JSON: base64, headers and envelope."""
    first_retry_seconds: float = 0.2
    """The wait before the first retry; it doubles with every further one."""
    longest_retry_seconds: float = 5.0
    """The longest wait between retries."""
    retry_jitter: float = 0.2
    """The share by which a wait may be shortened at random, 0 to 1."""
    throttles_count: bool = False
    """An attempt that never reached the function uses up a retry."""
    partial_responses_count: bool = True
    """A partial response uses up a retry of the records it lists."""
    splits_count: bool = False
    """A split in two uses up a retry."""
    bisect_partial_responses: bool = False
    """The records that a partial response lists are split in two as well."""
    accept_malformed_responses: bool = False
    """A response that is not in the documented form is a success."""
    accept_null_failures: bool = True
    """`batchItemFailures: null` is a success."""
    merge_retries: bool = False
    """Records to be retried travel with newer ones, unless batches are bisected."""
    hold_partition_while_retrying: bool = True
    """Newer records of a partition wait while some are retried."""
    tombstones_pass_filters: bool = False
    """A record without a value passes any filter, instead of one that asks for its absence only."""
    filtered_records_fill_batches: bool = False
    """BatchSize counts records that the filter removes."""
    commit_filtered_at_once: bool = False
    """Filtered records are committed before the records behind them are through."""
    age_from: AgeFrom = AgeFrom.TIMESTAMP
    """What MaximumRecordAgeInSeconds counts from."""
    age_condition: str = "RecordAgeExceeded"
    """The `condition` of a destination record for records too old."""
    dead_letter_headers: Headers = Headers.NONE
    """The Kafka headers of a message in a dead-letter topic."""
    scale_seconds: float = 15.0
    """How often provisioned pollers are counted anew."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Read choices by name, values as JSON or text; raises `UserError` for what is unknown."""
        known = [choice.name for choice in fields(cls)]
        if unknown := sorted(given.keys() - set(known)):
            message = f"{unknown[0]} is no choice of the mapping; they are {', '.join(known)}"
            raise UserError(message)
        values: dict[str, Any] = {name: _read(name, value) for name, value in given.items()}
        return cls(**values)


AS_DEFAULT = Choices()


def _read(name: str, value: object) -> object:
    kind = type(getattr(AS_DEFAULT, name))
    try:
        if kind is bool:
            return {"true": True, "false": False}[str(value).lower()]
        return kind(value)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{name}={value} is not {_expected(kind)}"
        raise UserError(message) from error


def _expected(kind: type) -> str:
    if issubclass(kind, StrEnum):
        return f"one of {', '.join(kind)}"
    return {bool: "true or false", int: "a whole number", float: "a number"}.get(kind, "text")
