"""The batches in flight: departures and landings in, busy partitions out.

A partition that is taken away and comes back stays busy until its old batch has landed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from devstack.event_source_mapping.polling.records import Batch

MAXIMUM_BATCHES_IN_FLIGHT = 5
"""Concurrent invocations of one poller. …/dg/kafka-scaling-modes.html"""


@dataclass(slots=True)
class _Flight:
    batch: Batch
    revoked: set[int] = field(default_factory=set)


class Landing(NamedTuple):
    """A batch as it was sent, and what of it is still the poller's."""

    batch: Batch
    ours: Batch


class InFlight:
    """Batches that were submitted and have not come back."""

    def __init__(self) -> None:
        self._flights: dict[int, _Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    @property
    def full(self) -> bool:
        """Tell whether no further batch may depart."""
        return len(self) >= MAXIMUM_BATCHES_IN_FLIGHT

    def depart(self, batch: Batch) -> None:
        """Note a batch that is submitted."""
        self._flights[batch.number] = _Flight(batch)

    def land(self, number: int) -> Landing:
        """Return the batch that came back."""
        flight = self._flights.pop(number)
        return Landing(flight.batch, flight.batch.without(flight.revoked))

    def revoke(self, partitions: Iterable[int]) -> None:
        """Note that what becomes of the records of `partitions` is not ours any more."""
        for flight in self._flights.values():
            flight.revoked.update(partitions)

    def partitions(self) -> Iterator[int]:
        """Name the partitions of every batch in flight."""
        for flight in self._flights.values():
            yield from flight.batch.records
