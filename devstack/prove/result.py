"""The result: what a proof has seen in, whether the promises held and why not out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devstack.prove.reads.reading import Reads
    from devstack.prove.watching import Sample


class Defect(StrEnum):
    """What can be wrong with the fate of a record, in words that follow a number."""

    LOST = "lost"
    FOREIGN = "never produced"
    CHANGED = "changed"
    MISPLACED = "of wrong provenance"
    WRONG_FATE = "of a wrong fate"
    TWICE = "there twice"
    LEDGER = "wrong in the ledger"
    COMMIT = "wrong in the group's commit"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be; what it does not concern is None."""

    defect: Defect
    what: str
    number: int | None = None
    order_uid: str | None = None
    kind: str | None = None
    partition: int | None = None
    offset: int | None = None


@dataclass(frozen=True)
class Ledger:
    """What was produced, and what became of it as PostgreSQL has it."""

    topic: str
    produced: int
    stored: int
    duplicates: int
    conflicts: int
    quarantined: int
    """All but the conflicts."""
    off: Sequence[Finding] = ()
    """The first of what is wrong; `defects` counts all of it."""
    defects: Mapping[Defect, int] = field(default_factory=dict)

    @property
    def settled(self) -> int:
        """Return how many records have a fate."""
        return self.stored + self.duplicates + self.conflicts + self.quarantined

    @property
    def holds(self) -> bool:
        """Tell whether every record has the fate that it must have."""
        return not self.defects and self.produced == self.settled


@dataclass(frozen=True)
class Hit:
    """One fault as it happened; times are seconds since the proof began."""

    fault: str
    began: float
    ended: float
    hit: str
    recovery_seconds: float | None
    """From its end until work went on; None: it never did, or the fault missed."""
    missed: bool


@dataclass(frozen=True)
class Proof:
    """Everything that a proof has seen."""

    seed: int
    orders: int
    rate: float
    hits: Sequence[Hit]
    samples: "Sequence[Sample]"
    reads: "Reads"
    ledger: Ledger
    seconds: float
    recovery_limit_seconds: float
    producing_fault: str | None = None
    """Why not all could be produced, if so."""

    @property
    def holds(self) -> bool:
        """Tell whether nothing speaks against it."""
        return not self.reasons

    @property
    def reasons(self) -> list[str]:
        """Return what speaks against it, a line each."""
        return [*self._of_records(), *self._of_reads(), *self._of_recoveries()]

    def _of_records(self) -> Iterator[str]:
        ledger = self.ledger
        if self.producing_fault:
            yield f"not everything was produced: {self.producing_fault}"
        if ledger.defects:
            yield ", ".join(f"{number} {defect}" for defect, number in ledger.defects.items())
        if ledger.produced != ledger.settled:
            yield f"{ledger.produced} produced, but {ledger.settled} settled"

    def _of_reads(self) -> Iterator[str]:
        wrong = self.reads.counts.get("violation", 0)
        if wrong:
            first = self.reads.violations[0]
            yield f"{wrong} wrong answers to readers, for instance: {first}"

    def _of_recoveries(self) -> Iterator[str]:
        for hit in self.hits:
            if hit.missed:
                continue
            if hit.recovery_seconds is None:
                yield f"no work went on after {hit.fault} at {hit.began:.1f} s"
            elif hit.recovery_seconds > self.recovery_limit_seconds:
                yield (
                    f"{hit.recovery_seconds:.1f} s of recovery from {hit.fault}"
                    f" at {hit.began:.1f} s, over {self.recovery_limit_seconds:g} s"
                )
