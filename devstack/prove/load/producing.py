"""Producing: records at a steady rate in, the place of each in the topic out.

Whatever happens to the broker meanwhile, each record is sent once, and in the order of the numbers:
what cannot be sent yet waits in the client; what it gives up is told as `fault`, and ends it.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from devstack.producer.delivery import paced
from devstack.prove.background import Background
from devstack.prove.load.places import Place, Places
from devstack.prove.load.records import Record, Records

_POLL_SECONDS = 0.1


class Receipts(Protocol):
    """Hears of each record once what became of it, while `Destination.wait` or `send` runs."""

    def delivered(self, number: int, place: Place) -> None:
        """Hear that a record was acknowledged."""

    def failed(self, number: int, reason: str) -> None:
        """Hear that a record will not be."""


class Destination(Protocol):
    """Where records go: each once, and in the order in which they were taken."""

    def send(self, record: Record, timestamp_ms: int) -> bool:
        """Take a record; False: not now, as too many are on their way."""

    def wait(self, seconds: float) -> None:
        """Let acknowledgements come in for so long."""

    def __len__(self) -> int:
        """Return how many are on their way."""


Open = Callable[[Receipts], AbstractContextManager[Destination]]


class Producing(Background):
    """The records of one proof on their way; `clock` dates them, in seconds since 1970."""

    def __init__(
        self,
        records: Records,
        destination: Open,
        *,
        rate: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__("producing")
        self.places = Places(len(records))
        self.acknowledged = 0
        self.by_partition: dict[int, int] = {}
        """How many were acknowledged in each."""
        self.next_number = 0
        """The first that was not handed to the client yet."""
        self.fault: str | None = None
        """Why not all will be delivered."""
        self._records = records
        self._destination = destination
        self._rate = rate
        self._clock = clock

    @property
    def done(self) -> bool:
        """Tell whether all is acknowledged, or never will be."""
        return self.ident is not None and not self.is_alive()

    def work(self) -> None:
        """Send everything, and wait until it is acknowledged."""
        with self._destination(self) as destination:
            for record in paced(self._records, self._rate, destination.wait):
                self._send(record, destination)
                if self._ends():
                    break
            while len(destination) and not self._ends():
                destination.wait(_POLL_SECONDS)

    def delivered(self, number: int, place: Place) -> None:
        """Note where a record is."""
        self.places.put(number, place)
        self.by_partition[place.partition] = self.by_partition.get(place.partition, 0) + 1
        self.acknowledged += 1

    def failed(self, number: int, reason: str) -> None:
        """Note why a record will never be delivered, if it is the first one."""
        self.fault = self.fault or f"record {number} was not delivered: {reason}"

    def _ends(self) -> bool:
        return self.stopping.is_set() or self.fault is not None

    def _send(self, record: Record, destination: Destination) -> None:
        self.next_number = record.number + 1  # first: whoever reads it finds no record too early
        while not self._ends() and not destination.send(record, int(self._clock() * 1000)):
            destination.wait(_POLL_SECONDS)
