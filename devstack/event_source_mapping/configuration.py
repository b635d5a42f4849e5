"""The configuration of a mapping: what its properties and AWS's defaults say, as one frozen value.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

from dataclasses import dataclass
from enum import StrEnum

from devstack.errors import UserError
from devstack.event_source_mapping.event import EventFormat

DEFAULT_BATCH_SIZE = 100
DEFAULT_WINDOW_SECONDS = 0.5
MAXIMUM_FUNCTION_TIMEOUT_SECONDS = 14 * 60


class StartingPosition(StrEnum):
    """Where a group without committed offsets begins."""

    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"
    AT_TIMESTAMP = "AT_TIMESTAMP"


@dataclass(frozen=True)
class MappingConfiguration:
    """One event source mapping, as it runs."""

    name: str
    function_name: str
    topic: str
    bootstrap_servers: str
    consumer_group: str
    starting_position: StartingPosition
    starting_timestamp_seconds: float | None = None
    event_source_arn: str | None = None
    batch_size: int = DEFAULT_BATCH_SIZE
    window_seconds: float = DEFAULT_WINDOW_SECONDS
    report_item_failures: bool = False

    def event_format(self) -> EventFormat:
        """Return the shape of this mapping's events."""
        return EventFormat(self.topic, self.bootstrap_servers, self.event_source_arn)


def check_function_timeout(configuration: MappingConfiguration, timeout_seconds: int) -> None:
    """Refuse a function that may run for longer than AWS lets a Kafka function (14 minutes)."""
    if timeout_seconds > MAXIMUM_FUNCTION_TIMEOUT_SECONDS:
        message = (
            f"{configuration.name}: the Timeout of {configuration.function_name} is "
            f"{timeout_seconds} s; a function that reads from Kafka may have 840 s"
        )
        raise UserError(message)
