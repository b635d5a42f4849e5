"""What a poller needs of the world: each has one form in production and one in simulation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from devstack.event_source_mapping.polling.given_up import GivenUp
from devstack.event_source_mapping.polling.metrics import Metric
from devstack.event_source_mapping.polling.outcome import Outcome
from devstack.event_source_mapping.polling.records import Batch, ConsumedRecord


class Completion(NamedTuple):
    """A batch came back."""

    batch: Batch
    outcome: Outcome


class Delivery(NamedTuple):
    """A destination is done with what it was given."""

    given_up: GivenUp
    fault: str | None
    """Why it could not be delivered; None when it was."""


class Assignee(Protocol):
    """Who is told, within `Consumer.poll`, that partitions come and go."""

    def assigned(self, partitions: Sequence[int]) -> None:
        """Take partitions over."""

    def revoked(self, partitions: Sequence[int]) -> None:
        """Hand partitions over; commits sent in here still count."""

    def committed(self, offsets: Mapping[int, int]) -> None:
        """Learn that the group holds these next offsets to read."""

    def commit_failed(self, partitions: Sequence[int]) -> None:
        """Learn that a commit did not reach the group."""


class Consumer(Protocol):
    """A member of the consumer group."""

    @property
    def member(self) -> str:
        """Return the name the group knows it by."""

    def subscribe(self, assignee: Assignee) -> None:
        """Join the group."""

    def poll(self, timeout_seconds: float) -> Sequence[ConsumedRecord]:
        """Return what is there; wait only while nothing is."""

    def pause(self, partitions: Sequence[int]) -> None:
        """Fetch nothing more of partitions for now."""

    def resume(self, partitions: Sequence[int]) -> None:
        """Fetch partitions again, from where they were left."""

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Send a commit, partition → next offset to read; do not wait for it."""


class Redelivery(Protocol):
    """What a source is told that delivers again by itself; Kafka does not."""

    def retrying(self, batch: Batch, delay_seconds: float) -> None:
        """Learn that records wait here for another attempt."""

    def gave_up(self, batch: Batch) -> None:
        """Learn that records were given up; a commit that passes them follows."""


class Invoker(Protocol):
    """Sends batches to the function."""

    def submit(self, batch: Batch) -> None:
        """Send a batch; do not wait for it."""

    def completed(self) -> Iterable[Completion]:
        """Return what has come back since the last call."""


class Destination(Protocol):
    """Takes what a mapping gives up."""

    def submit(self, given_up: GivenUp) -> None:
        """Deliver, later; do not wait."""

    def completed(self) -> Iterable[Delivery]:
        """Return what has been delivered, or could not be, since the last call."""


class Reporter(Protocol):
    """Is told by pollers what happens; called from several threads."""

    def count(self, metric: Metric, number: int = 1) -> None:
        """Add to a metric."""

    def processed(self, result: str) -> None:
        """Note the result of the latest invocation: `OK`, or what was wrong."""

    def warn(self, code: str, message: str) -> None:
        """Tell of a fault while polling, invoking, committing or delivering."""

    def assigned(self, member: str, partitions: Sequence[int]) -> None:
        """Note which partitions a poller reads now."""


class Clock(Protocol):
    """The module `time`, or a simulated one."""

    def time(self) -> float:
        """Return seconds since the epoch, to compare with records' timestamps."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
