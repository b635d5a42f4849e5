"""What is needed: the load of each function, and what all of them together take."""

from dataclasses import dataclass

INGEST, LOOK_UP, SUBMIT = "IngestOrdersFunction", "OrdersApiFunction", "SubmitOrderFunction"


@dataclass(frozen=True)
class Load:
    """What one function does at a rate, on average."""

    invocations_per_second: float
    milliseconds: float
    memory_mb: int
    concurrency: int
    """What there is to be room for; more than what is busy on average."""
    log_bytes: float
    """Of one invocation."""

    @property
    def busy(self) -> float:
        """Return how many invocations run at a time: Little's law."""
        return self.invocations_per_second * self.milliseconds / 1000

    @property
    def gb_seconds(self) -> float:
        """Return what is charged for a second; each invocation is rounded up to a millisecond."""
        billed_seconds = (self.milliseconds + 0.5) / 1000 if self.milliseconds else 0.0
        return self.invocations_per_second * billed_seconds * self.memory_mb / 1024


@dataclass(frozen=True)
class Ingestion:
    """How the event source mapping carries the orders of Kafka."""

    partitions: int
    event_pollers: int
    event_poller_units: int
    largest_batch: int
    """By the batch size and the 6 MB of an event."""
    orders_per_invocation: float
    highest_orders_per_second: float
    load: Load


@dataclass(frozen=True)
class Capacity:
    """All that is needed."""

    ingestion: Ingestion
    lookups: Load
    posts: Load
    environments: int
    """Of all functions together; AWS's default quota of an account is 1,000."""
    connections: int
    acus: float
    write_ios_per_second: float
    read_ios_per_second: float
