"""The scaling of event pollers: what is seen of them in, one more, one fewer or none out.

AWS documents what is looked at and, without provisioning, how often: the lag, every minute; not by
how much pollers grow. Here it is one at a time, and a quiet time before one is taken away.
https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
"""

from typing import NamedTuple

from devstack.event_source_mapping.definition.configuration import Pollers

ON_DEMAND_SECONDS = 60.0
QUIET_PERIODS = 4
"""How long there is no lag before a poller is taken away."""


class Look(NamedTuple):
    """What is seen of a mapping at one moment."""

    pollers: int
    partitions: int
    """Of the topic; 0 while it is not there."""
    lag: int
    saturated: bool
    """Every poller has records waiting and can send none of them."""


class Scaling:
    """The decisions for one mapping; the first period begins at `now`, monotonic seconds."""

    def __init__(self, pollers: Pollers, period_seconds: float, now: float) -> None:
        self._pollers = pollers
        self._period_seconds = period_seconds
        self._quiet_periods = 0
        self._begin(now)

    def change(self, now: float, look: Look) -> int:
        """Return how many pollers to start (1) or to take away (-1)."""
        most = max(1, min(self._pollers.maximum, look.partitions))
        least = min(self._pollers.minimum, most)
        if look.pollers < least:
            return 1
        self._saturated &= look.saturated and look.lag > 0
        self._quiet &= look.lag == 0
        if now < self._ends_at:
            return 0
        wanted = self._at_the_end_of_a_period()
        self._begin(now)
        return wanted if least <= look.pollers + wanted <= most else 0

    def _begin(self, now: float) -> None:
        self._ends_at = now + self._period_seconds
        self._saturated = self._quiet = True

    def _at_the_end_of_a_period(self) -> int:
        self._quiet_periods = self._quiet_periods + 1 if self._quiet else 0
        if self._quiet_periods == QUIET_PERIODS:
            self._quiet_periods = 0
            return -1
        return 1 if self._saturated else 0
