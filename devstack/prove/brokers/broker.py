"""A broker: a topic and a group in, where to produce, and how far it is read, out.

It is asked from outside, as any other client would: what is judged is not asked.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from devstack.prove.load.places import Places
from devstack.prove.load.producing import Destination, Receipts


class BrokerAwayError(Exception):
    """The broker does not answer, or not well."""


@dataclass(frozen=True)
class Progress:
    """How far a topic goes, and how far it was read, by partition."""

    first: int
    """The offset that every partition begins with."""
    ends: Mapping[int, int]
    """The offset that the next record would have."""
    committed: Mapping[int, int | None]
    """Where the group goes on; None: it never committed."""

    def end(self, partition: int) -> int:
        """Return where a partition ends."""
        return self.ends.get(partition, self.first)

    def is_read(self, partition: int) -> bool:
        """Tell whether the group has committed all of a partition, and nothing beyond it."""
        return (self.committed.get(partition) or self.first) == self.end(partition)


class Broker(Protocol):
    """What the orders of a proof come from."""

    @property
    def topic(self) -> str:
        """Return what the records say that they come from."""

    @property
    def first_offset(self) -> int:
        """Return the offset that every partition begins with."""

    def destination(self, receipts: Receipts) -> AbstractContextManager[Destination]:
        """Give where records go; `receipts` hears what became of each."""

    def progress(self) -> Progress:
        """Return how far the topic goes and was read; raises `BrokerAwayError`."""

    def date(self, places: Places) -> None:
        """Note when the broker dated the records, unless their sender did.

        Raises `BrokerAwayError`.
        """
