"""The destination: what a mapping gives up in; delivered later, or never."""

from collections import deque

from devstack.event_source_mapping.polling.given_up import GivenUp
from devstack.event_source_mapping.polling.ports import Delivery
from tests.simulation.checks import Checks
from tests.simulation.chronicle import Chronicle
from tests.simulation.invoker import spans


class SimulatedDestination:
    """The port of one poller."""

    def __init__(self, checks: Checks, chronicle: Chronicle) -> None:
        self.on_their_way: deque[GivenUp] = deque()
        self._checks = checks
        self._chronicle = chronicle
        self._deliveries: list[Delivery] = []

    def submit(self, given_up: GivenUp) -> None:
        self._chronicle.tell(
            "{} is given up: {}", spans(given_up.batch.records), given_up.condition
        )
        self._checks.leaving.update(_places(given_up))
        self.on_their_way.append(given_up)

    def completed(self) -> list[Delivery]:
        deliveries, self._deliveries = self._deliveries, []
        return deliveries

    def deliver(self, fault: str | None) -> None:
        """Be done with the oldest; with a fault, its records are dropped."""
        given_up = self.on_their_way.popleft()
        self._checks.given_up.update(_places(given_up))
        what = spans(given_up.batch.records)
        self._chronicle.tell("{} is delivered{}", what, f", but {fault}" if fault else "")
        self._deliveries.append(Delivery(given_up, fault))


def _places(given_up: GivenUp) -> list[tuple[int, int]]:
    return [(one.partition, one.offset) for one in given_up.batch]
