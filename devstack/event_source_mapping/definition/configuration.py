"""The configuration of a mapping: what its properties and AWS's defaults say, as one frozen value.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

from dataclasses import dataclass
from enum import StrEnum

from devstack.errors import UserError
from devstack.event_source_mapping.definition.choices import AS_DEFAULT, Choices

DEFAULT_BATCH_SIZE = 100
DEFAULT_WINDOW_SECONDS = 0.5
MAXIMUM_FUNCTION_TIMEOUT_SECONDS = 14 * 60


class StartingPosition(StrEnum):
    """Where a group without committed offsets begins."""

    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"
    AT_TIMESTAMP = "AT_TIMESTAMP"


DEFAULT_MINIMUM_POLLERS = 1
DEFAULT_MAXIMUM_POLLERS = 200
RETRIES_WITH_DESTINATION = 10
"""What endless retries come down to when there is a destination. …/dg/kafka-on-failure.html"""


@dataclass(frozen=True)
class Pollers:
    """How many event pollers a mapping may have; never more than the topic has partitions."""

    minimum: int = DEFAULT_MINIMUM_POLLERS
    maximum: int = DEFAULT_MAXIMUM_POLLERS
    provisioned: bool = False


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
    uuid: str = ""
    patterns: tuple[str, ...] = ()
    """Filter patterns, each JSON text; a record passes when one of them matches, or none is set."""
    pollers: Pollers = Pollers()
    maximum_retry_attempts: int | None = None
    """Retries after the first attempt; None for as long as the topic keeps the record."""
    maximum_record_age_seconds: int | None = None
    bisect_on_function_error: bool = False
    destination: str | None = None
    """An ARN of a queue, topic or bucket, or `kafka://topic`."""
    log_level: str | None = None
    """Of the documented log events: DEBUG, INFO, WARN; None for none of them."""
    choices: Choices = AS_DEFAULT

    @property
    def allowed_retries(self) -> int | None:
        """Return how many retries a record has; None when they have no end."""
        if self.maximum_retry_attempts is None and self.destination:
            return RETRIES_WITH_DESTINATION
        return self.maximum_retry_attempts


def check_function_timeout(configuration: MappingConfiguration, timeout_seconds: int) -> None:
    """Refuse a function that may run for longer than AWS lets a Kafka function (14 minutes)."""
    if timeout_seconds > MAXIMUM_FUNCTION_TIMEOUT_SECONDS:
        message = (
            f"{configuration.name}: the Timeout of {configuration.function_name} is "
            f"{timeout_seconds} s; a function that reads from Kafka may have 840 s"
        )
        raise UserError(message)
