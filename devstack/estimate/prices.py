"""AWS's prices: prices.toml in, dollars for an amount out."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True)
class Price:
    """What a unit costs, less from certain amounts a month on."""

    unit: str
    tiers: tuple[tuple[float, float], ...]
    """Up to so many units a month → dollars for each of them; the last one is unbounded."""
    source: str
    known: date

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Read a table of the file."""
        tiers = content.get("tiers") or [(math.inf, content["usd"])]
        return cls(content["unit"], tuple(map(tuple, tiers)), content["source"], content["known"])

    def cost(self, units: float) -> float:
        """Return dollars for so many units in a month."""
        cost = begin = 0.0
        for end, usd in self.tiers:
            cost += usd * max(0.0, min(units, end) - begin)
            begin = end
        return cost


@dataclass(frozen=True)
class Prices:
    """The prices of one region."""

    region: str
    currency: str
    by_name: Mapping[str, Price]

    @classmethod
    def load(cls, path: Path = FILE) -> Self:
        """Read the file."""
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        by_name = {name: Price.of(table) for name, table in content["prices"].items()}
        return cls(content["region"], content["currency"], by_name)

    def __getitem__(self, name: str) -> Price:
        return self.by_name[name]

    @property
    def oldest(self) -> date:
        """Return the date of what is known for longest."""
        return min(price.known for price in self.by_name.values())
