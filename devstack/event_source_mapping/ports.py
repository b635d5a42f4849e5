"""What a poller needs of the world: each has one form in production and one in simulation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from devstack.event_source_mapping.records import Batch, ConsumedRecord
from devstack.event_source_mapping.response import Outcome


class Completion(NamedTuple):
    """A batch came back."""

    batch: Batch
    outcome: Outcome


class Assignee(Protocol):
    """Who is told, within `Consumer.poll`, that partitions come and go."""

    def assigned(self, partitions: Sequence[int]) -> None:
        """Take partitions over."""

    def revoked(self, partitions: Sequence[int]) -> None:
        """Hand partitions over; commits sent in here still count."""

    def commit_failed(self, partitions: Sequence[int]) -> None:
        """Learn that a commit did not reach the group."""


class Consumer(Protocol):
    """A member of the consumer group."""

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


class Invoker(Protocol):
    """Sends batches to the function."""

    def submit(self, batch: Batch) -> None:
        """Send a batch; do not wait for it."""

    def completed(self) -> Iterable[Completion]:
        """Return what has come back since the last call."""


class Clock(Protocol):
    """The module `time`, or a simulated one."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
