"""The bill: lines of a month in, what orders and look-ups bear of them out."""

from dataclasses import dataclass
from enum import StrEnum

MILLION = 1_000_000


class Cause(StrEnum):
    """What an amount grows with."""

    TIME = "time"
    ORDERS = "orders"
    LOOKUPS = "look-ups"


@dataclass(frozen=True)
class Line:
    """One line of the bill."""

    service: str
    what: str
    cause: Cause
    amount: float
    """In a month."""
    unit: str
    usd: float
    """A month."""


@dataclass(frozen=True)
class Bill:
    """All lines of a month."""

    lines: tuple[Line, ...]
    orders: float
    """Of the month, over Kafka and by POST."""
    lookups: float

    @property
    def usd(self) -> float:
        """Return the total of a month."""
        return self.of(*Cause)

    def of(self, *causes: Cause) -> float:
        """Return the total of a month of what grows with one of these."""
        return sum(line.usd for line in self.lines if line.cause in causes)

    def per_million_orders(self, usd: float) -> float | None:
        """Divide among the orders of a month; None when there are none."""
        return usd / self.orders * MILLION if self.orders else None

    @property
    def usd_per_million_orders(self) -> float | None:
        """Return the price of a million orders at this rate: all but what look-ups cause."""
        return self.per_million_orders(self.of(Cause.ORDERS, Cause.TIME))

    @property
    def usd_of_another_million_orders(self) -> float | None:
        """Return what another million of them would add: what orders cause alone."""
        return self.per_million_orders(self.of(Cause.ORDERS))

    @property
    def usd_of_another_million_lookups(self) -> float | None:
        """Return what another million look-ups would add."""
        return self.of(Cause.LOOKUPS) / self.lookups * MILLION if self.lookups else None
