"""Checking: candidates in, findings out; the same rules as when they come through Kafka.

What else only ingestion would notice is told too: an order_uid that stands twice with different
content. Where each stood first is kept in a file of SQLite's own, not in memory.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

from devstack.validate.files import Candidate
from devstack.validate.lines import line_of
from orders.faults import fault
from orders.record import Fault, Record, Rejection
from orders.validation import Accepted, Refused, judge


class PlacedFault(NamedTuple):
    """A fault, and its line in the file."""

    line: int
    fault: Fault


class Finding(NamedTuple):
    """What is wrong with one order of a file."""

    file: str
    line: int
    """Where the order begins."""
    order_uid: str | None
    faults: list[PlacedFault]


@dataclass
class Counts:
    """How many orders there are, and of what kind."""

    orders: int = 0
    faulty: int = 0
    duplicates: int = 0


class Check:
    """One run over files; use it in a `with` block."""

    def __init__(self, *, strict_totals: bool) -> None:
        self.counts = Counts()
        self._strict_totals = strict_totals
        self._first = sqlite3.connect("")  # a temporary file, which grows only when it must
        self._first.execute("CREATE TABLE first (order_uid PRIMARY KEY, digest, place)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._first.close()

    def findings(self, candidates: Iterable[Candidate]) -> Iterator[Finding]:
        """Yield what is wrong with each; of what is right there is nothing to say."""
        for candidate in candidates:
            self.counts.orders += 1
            rejection = self._rejection(candidate)
            if rejection:
                self.counts.faulty += 1
                yield _finding(candidate, rejection)

    def _rejection(self, candidate: Candidate) -> Rejection | None:
        record = Record("", -1, -1, None, "", None, candidate.value, (), candidate.damage)
        verdict = judge(record, strict_totals=self._strict_totals)
        if isinstance(verdict, Refused):
            return verdict.rejection
        return self._conflict(candidate, verdict)

    def _conflict(self, candidate: Candidate, accepted: Accepted) -> Rejection | None:
        uid, place = accepted.order.order_uid, f"{candidate.file}:{candidate.line}"
        kept = self._first.execute(
            "SELECT digest, place FROM first WHERE order_uid = ?", (uid,)
        ).fetchone()
        if kept is None:
            self._first.execute("INSERT INTO first VALUES (?, ?, ?)", (uid, accepted.digest, place))
            return None
        if kept[0] == accepted.digest:
            self.counts.duplicates += 1
            return None
        reason = fault("conflict_of_files", ("order_uid",), order_uid=uid, place=kept[1])
        return Rejection((reason,), uid)


def _finding(candidate: Candidate, rejection: Rejection) -> Finding:
    faults = [PlacedFault(_line(candidate, one), one) for one in rejection.faults]
    faults.sort(key=lambda placed: placed.line)
    return Finding(candidate.file, candidate.line, rejection.order_uid, faults)


def _line(candidate: Candidate, one: Fault) -> int:
    if candidate.is_line or not one.path:
        return candidate.line
    return candidate.line - 1 + line_of(candidate.value.decode(), one.path)
