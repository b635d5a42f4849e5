"""Proofs as they might have gone, to report and to draw."""

from collections.abc import Iterator
from itertools import cycle, islice
from random import Random

from devstack.prove.reads.reading import Reads
from devstack.prove.result import Hit, Ledger, Proof
from devstack.prove.watching import Sample

LEDGER = Ledger("orders", produced=100, stored=95, duplicates=2, conflicts=1, quarantined=2)
READS = Reads(
    asked=50,
    counts={"200": 40, "404": 8, "503": 2},
    p50_ms=3.25,
    p99_ms=41.5,
    error_rate=0.04,
    violations=(),
)
KILLED = Hit("function-killed-in-commit", 2.0, 2.1, "pid 4711 in COMMIT", 0.8, missed=False)
PAUSED = Hit("postgres-paused", 6.0, 11.5, "7 processes", 3.1, missed=False)
MISSED = Hit("connection-cut", 14.0, 19.0, "nothing came by", None, missed=True)


def proof(**changes: object) -> Proof:
    """Make a proof that holds, but for the changes."""
    fields = {
        "seed": 7,
        "orders": 100,
        "rate": 5.0,
        "hits": (KILLED, PAUSED, MISSED),
        "samples": tuple(samples(20.0, 5.0, (KILLED, PAUSED))),
        "reads": READS,
        "ledger": LEDGER,
        "seconds": 21.4,
        "recovery_limit_seconds": 10.0,
    }
    return Proof(**{**fields, **changes})  # type: ignore[arg-type]


def samples(seconds: float, rate: float, hits: tuple[Hit, ...]) -> Iterator[Sample]:
    """Let work stand still during faults and until they are over."""
    settled = 0.0
    for step in range(int(seconds * 5)):
        at, acknowledged = step / 5, int(step / 5 * rate)
        stands = any(h.began <= at < h.ended + (h.recovery_seconds or 0) for h in hits)
        settled = settled if stands else min(acknowledged, settled + rate)
        yield Sample(at, acknowledged, int(settled), {0: int(settled)})


def many_hits(names: list[str], count: int) -> tuple[Hit, ...]:
    """Make hits one after the other."""
    draw = Random(1)  # noqa: S311 - repeatable, guards nothing
    hits, at = [], 3.0
    for name in islice(cycle(names), count):
        lasts = draw.choice((0.0, 0.1, 4.0, 8.0))
        recovery = None if draw.random() < 0.05 else draw.uniform(0.1, 3.0)
        hits.append(Hit(name, at, at + lasts, "pid 4711", recovery, missed=recovery is None))
        at += lasts + (recovery or 0.0) + draw.uniform(1.0, 4.0)
    return tuple(hits)
