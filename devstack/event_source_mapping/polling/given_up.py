"""What a mapping gives up: records, and why, on their way to the on-failure destination.

https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
"""

from dataclasses import dataclass

from devstack.event_source_mapping.polling.outcome import Answer
from devstack.event_source_mapping.polling.records import Batch

RETRY_ATTEMPTS_EXHAUSTED = "RetryAttemptsExhausted"
MAXIMUM_PAYLOAD_SIZE_EXCEEDED = "MaximumPayloadSizeExceeded"


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Records nobody will send to the function again."""

    batch: Batch
    condition: str

    @property
    def last_answer(self) -> Answer | None:
        """Return what the function said last; None when it never answered."""
        return next(iter(self.batch)).tries.last_answer

    @property
    def invoke_count(self) -> int:
        """Return how often the function was invoked with these records."""
        return max(record.tries.invocations for record in self.batch)
