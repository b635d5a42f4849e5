"""What the functions were measured to do: measured.toml in, the work of one invocation out.

`python -m bench.functions` writes the file.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

FILE = Path(__file__).with_name("measured.toml")


@dataclass(frozen=True)
class Work:
    """What one invocation uses; `cpu_ms` on a whole core of the measuring machine."""

    cpu_ms: float
    """Of the function's process."""
    wait_ms: float
    """The rest of its duration: for the database, mostly."""
    database_cpu_ms: float
    wal_bytes: float
    """What PostgreSQL's log grows by."""
    log_bytes: float
    """What the function itself logs, metrics included."""

    def __add__(self, other: "Work") -> "Work":
        return Work(
            *(mine + theirs for mine, theirs in zip(self._figures, other._figures, strict=True))
        )

    def times(self, factor: float) -> "Work":
        """Return the work of so many."""
        return Work(*(factor * figure for figure in self._figures))

    @property
    def _figures(self) -> tuple[float, ...]:
        return (
            *(self.cpu_ms, self.wait_ms, self.database_cpu_ms),
            *(self.wal_bytes, self.log_bytes),
        )


@dataclass(frozen=True)
class Measured:
    """The figures of one run of `python -m bench.functions`."""

    source: Mapping[str, str]
    """When, on what kind of machine and by which command."""
    order_bytes: float
    """Of an order's JSON, on average."""
    envelope_bytes: float
    """What a record takes of an event beside the base64 of its value."""
    stored_bytes: float
    """What the database grows by with an order, indexes included."""
    batch: Work
    """Of an invocation, whatever it holds."""
    record: Work
    """Of each record in it."""
    hit: Work
    """A look-up that the warm cache answers."""
    miss: Work
    post: Work

    @classmethod
    def load(cls, path: Path = FILE) -> Self:
        """Read the file."""
        return cls.of(tomllib.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Take the content of such a file."""
        works = {name: Work(**figures) for name, figures in content["work"].items()}
        return cls(
            source=content["measurement"],
            **content["order"],
            batch=works["batch"],
            record=works["record"],
            hit=works["hit"],
            miss=works["miss"],
            post=works["post"],
        )

    def sized(self, order_bytes: float) -> "Measured":
        """Return what orders of another size come to: with twice the bytes, twice the items."""
        factor = order_bytes / self.order_bytes
        return replace(
            self,
            order_bytes=order_bytes,
            stored_bytes=self.stored_bytes * factor,
            record=self.record.times(factor),
            post=self.post + self.record.times(factor - 1),
        )

    def ingest(self, records: float) -> Work:
        """Return the work of a batch: what each costs, and each record in it."""
        return self.batch + self.record.times(records)
