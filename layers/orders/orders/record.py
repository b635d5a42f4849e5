"""Record: one Kafka record as it was delivered, and the reasons why it may be refused.

Nothing of a record is lost on the way here: what cannot be decoded is kept as it came.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a record, in words that a person can act on."""

    path: str
    """JSON pointer (RFC 6901) to the field; empty for the record as a whole."""
    code: str
    sentence: str
    russian: str = ""
    value: str | None = None
    """What was found there, as JSON, cut and masked; None where there is nothing to show."""


@dataclass(frozen=True, slots=True)
class Record:
    """What was delivered; `value` is None for a tombstone."""

    topic: str
    partition: int
    offset: int
    produced_at_ms: int | None
    timestamp_type: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    damage: Fault | None = None
    """Set when the envelope could not be decoded; key and value are then the undecoded text."""
    source: str = "kafka"
    """How it came: `kafka`, or `http`; what was posted has no place (topic "", -1, -1)."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record is no order: at least one fault, and the order's id where it can be read."""

    faults: tuple[Fault, ...]
    order_uid: str | None = None

    @property
    def code(self) -> str:
        """Return the code of the first fault."""
        return self.faults[0].code
