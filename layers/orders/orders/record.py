"""Record: one record as it was delivered, and the reasons why it may be refused.

Nothing of a record is lost on the way here: what cannot be decoded is kept as it came.
"""

from dataclasses import dataclass
from typing import Final, Literal

Source = Literal["kafka", "nats", "http"]

NATS_TOPIC: Final = "nats:"
"""What the topic of a stream of NATS begins with; no topic of Kafka has a colon."""


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
    """What was delivered; `value` is None for a tombstone.

    What was posted has no place: its topic is empty, partition and offset are -1.
    """

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

    @property
    def source(self) -> Source:
        """Tell by its topic how it came."""
        if not self.topic:
            return "http"
        return "nats" if self.topic.startswith(NATS_TOPIC) else "kafka"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record is no order: at least one fault, and the order's id where it can be read."""

    faults: tuple[Fault, ...]
    order_uid: str | None = None

    @property
    def code(self) -> str:
        """Return the code of the first fault."""
        return self.faults[0].code
