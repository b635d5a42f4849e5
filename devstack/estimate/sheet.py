"""The sheet: all parts of one estimate in, JSON with units in its names out."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from devstack.estimate.bill import Bill, Cause, Line
from devstack.estimate.deployment import Deployment
from devstack.estimate.measured import Measured
from devstack.estimate.needs import INGEST, LOOK_UP, SUBMIT, Capacity, Load
from devstack.estimate.prices import Prices
from devstack.estimate.workload import Setup, Workload


@dataclass(frozen=True)
class Sheet:
    """Everything of one estimate."""

    workload: Workload
    setup: Setup
    deployed: Deployment
    capacity: Capacity
    bill: Bill
    measured: Measured
    prices: Prices

    @property
    def loads(self) -> Iterator[tuple[str, Load]]:
        """Yield the functions and what each does."""
        yield INGEST, self.capacity.ingestion.load
        yield LOOK_UP, self.capacity.lookups
        yield SUBMIT, self.capacity.posts

    def each_million(self, cause: Cause, usd: float) -> float | None:
        """Divide among the orders, which do not bear what look-ups cause."""
        return None if cause is Cause.LOOKUPS else self.bill.per_million_orders(usd)

    def as_json(self) -> dict[str, Any]:
        """Return all of it, for programs."""
        capacity, bill = self.capacity, self.bill
        ingestion = asdict(capacity.ingestion)
        del ingestion["load"]
        return {
            "workload": asdict(self.workload),
            "setup": asdict(self.setup),
            "measured": dict(self.measured.source),
            "prices": {"region": self.prices.region, "oldest": self.prices.oldest.isoformat()},
            **ingestion,
            "functions": {name: _load(load) for name, load in self.loads},
            "environments": capacity.environments,
            "database_connections": capacity.connections,
            "database_acus": capacity.acus,
            "database_write_ios_per_second": capacity.write_ios_per_second,
            "database_read_ios_per_second": capacity.read_ios_per_second,
            "lines": [self._line(line) for line in bill.lines],
            "usd_per_month": bill.usd,
            "usd_per_million_orders": bill.usd_per_million_orders,
            "usd_of_another_million_orders": bill.usd_of_another_million_orders,
            "usd_of_another_million_lookups": bill.usd_of_another_million_lookups,
        }

    def _line(self, line: Line) -> dict[str, Any]:
        return {
            **{name: value for name, value in asdict(line).items() if name != "usd"},
            "usd_per_month": line.usd,
            "usd_per_million_orders": self.each_million(line.cause, line.usd),
        }


def _load(load: Load) -> dict[str, float]:
    return {
        "invocations_per_second": load.invocations_per_second,
        "milliseconds_per_invocation": load.milliseconds,
        "memory_mb": load.memory_mb,
        "environments_busy": load.busy,
        "environments": load.concurrency,
        "gb_seconds_per_second": load.gb_seconds,
    }
