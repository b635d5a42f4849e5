"""The report: a proof in, text for people or one line of JSON for programs out."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from io import StringIO

from devstack.prove.result import Finding, Hit, Ledger, Proof
from devstack.quarantine import tables

FINDINGS_SHOWN = 20
REASONS_SHOWN = 3
HITS_READ_ONE_BY_ONE = 30
"""More are summed up by fault as well."""


def as_json(proof: Proof) -> str:
    """Write all of a proof on one line."""
    reads, ledger = proof.reads, proof.ledger
    whole = {
        "holds": proof.holds,
        "reasons": proof.reasons,
        "seed": proof.seed,
        "orders": proof.orders,
        "rate": proof.rate,
        "seconds": proof.seconds,
        "recovery_limit_seconds": proof.recovery_limit_seconds,
        "producing_fault": proof.producing_fault,
        "ledger": {**asdict(ledger), "findings": sum(ledger.defects.values())},
        "reads": {**vars(reads), "counts": dict(reads.counts)},
        "hits": [asdict(hit) for hit in proof.hits],
        "samples": [asdict(sample) for sample in proof.samples],
    }
    return json.dumps(whole, ensure_ascii=False)


def as_text(proof: Proof) -> str:
    """Write a proof in sections, and its verdict as the last line."""
    sections = (
        _settings(proof),
        _ledger(proof.ledger),
        _faults(proof.hits),
        _by_fault(proof.hits) if len(proof.hits) > HITS_READ_ONE_BY_ONE else "",
        _reads(proof),
        _findings(proof.ledger),
        "\n".join(f"against it: {reason}" for reason in proof.reasons),
        _verdict(proof),
    )
    return "\n\n".join(section.rstrip("\n") for section in sections if section)


def _settings(proof: Proof) -> str:
    return (
        f"seed {proof.seed}: {proof.orders} records of {proof.ledger.topic},"
        f" {proof.rate:.0f} a second; {proof.seconds:.0f} s in all"
    )


def _ledger(ledger: Ledger) -> str:
    equals = "=" if ledger.produced == ledger.settled else "≠"
    fates = ("stored", "duplicates", "conflicts", "quarantined")
    numbers = (ledger.stored, ledger.duplicates, ledger.conflicts, ledger.quarantined)
    columns, cells = ["produced", equals, fates[0]], [ledger.produced, equals, numbers[0]]
    for fate, number in zip(fates[1:], numbers[1:], strict=True):
        columns += ["+", fate]
        cells += ["+", number]
    return _table(columns, [cells])


def _faults(hits: Sequence[Hit]) -> str:
    rows = (
        (f"{hit.began:.1f} s", hit.fault, hit.hit, f"{hit.ended - hit.began:.1f} s", _end(hit))
        for hit in hits
    )
    return _table(("at", "fault", "hit", "lasted", "work went on"), rows) if hits else ""


def _end(hit: Hit) -> str:
    if hit.missed:
        return "missed"
    return "never" if hit.recovery_seconds is None else f"after {hit.recovery_seconds:.1f} s"


def _by_fault(hits: Sequence[Hit]) -> str:
    names = dict.fromkeys(hit.fault for hit in hits)
    rows = (_sum([hit for hit in hits if hit.fault == name]) for name in sorted(names))
    return _table(("fault", "hit", "missed", "longest recovery"), rows)


def _sum(hits: Sequence[Hit]) -> tuple[object, ...]:
    missed = sum(hit.missed for hit in hits)
    return hits[0].fault, len(hits) - missed, missed, _longest(hits)


def _longest(hits: Sequence[Hit]) -> str:
    recoveries = [hit.recovery_seconds for hit in hits if not hit.missed]
    known = [seconds for seconds in recoveries if seconds is not None]
    if len(known) < len(recoveries):
        return "never"
    return f"{max(known):.1f} s" if known else "none"


def _reads(proof: Proof) -> str:
    reads = proof.reads
    outcomes = ", ".join(f"{outcome}: {number}" for outcome, number in sorted(reads.counts.items()))
    answered = (
        f"{reads.asked} reads ({outcomes or 'none'}): p50 {reads.p50_ms:.1f} ms,"
        f" p99 {reads.p99_ms:.1f} ms, {reads.error_rate:.2%} could not be answered"
    )
    return "\n".join([answered, *(f"wrong: {violation}" for violation in reads.violations)])


def _findings(ledger: Ledger) -> str:
    if not ledger.off:
        return ""
    columns = ("record", "order", "kind", "where", "what")
    rows = (_cells(finding, ledger.topic) for finding in ledger.off[:FINDINGS_SHOWN])
    shown = _table(columns, rows)
    more = sum(ledger.defects.values()) - FINDINGS_SHOWN
    return f"{shown}… and {more} more" if more > 0 else shown


def _cells(finding: Finding, topic: str) -> tuple[object, ...]:
    offset = "" if finding.offset is None else f"@{finding.offset}"
    where = "" if finding.partition is None else f"{topic}-{finding.partition}{offset}"
    names = (finding.number, finding.order_uid, finding.kind)
    return (*("" if name is None else name for name in names), where, finding.what)


def _verdict(proof: Proof) -> str:
    if not proof.holds:
        more = len(proof.reasons) - REASONS_SHOWN
        reasons = [*proof.reasons[:REASONS_SHOWN], *([f"and {more} more"] if more > 0 else [])]
        return f"NOT PROVED: {'; '.join(reasons)}"
    ledger, hits = proof.ledger, [hit for hit in proof.hits if not hit.missed]
    fates = (
        f"{ledger.stored} stored + {ledger.duplicates} duplicates"
        f" + {ledger.conflicts} conflicts + {ledger.quarantined} quarantined"
    )
    return (
        f"PROVED: {ledger.produced} produced = {fates}; nothing lost, nothing twice;"
        f" {len(hits)} faults, longest recovery {_longest(hits)};"
        f" {proof.reads.asked} reads, none wrong"
    )


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    drawn = StringIO()
    tables.show(columns, rows, drawn)
    return drawn.getvalue()
