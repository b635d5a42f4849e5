"""The summary of a replay: what came of each event in, numbers for people and programs out."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from devstack.event_source_mapping.polling.records import Batch
from devstack.replay.events import Event

_FAILURES_KEPT = 100
_FAILURES_SHOWN = 10
_UNKNOWN = (
    "  stored, duplicates, quarantined: unknown; the function did not tell (it may not know how, or"
    " the endpoint passes no client context on, as `sam local start-lambda`)"
)


@dataclass
class Summary:
    """What has been sent, and what became of it; it survives an interruption."""

    sent: int = 0
    """Records, each once however often it was tried."""
    events: int = 0
    bytes: int = 0
    stored: int = 0
    duplicates: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    """By the code of the fault; a conflict is one of them."""
    untold: int = 0
    """Records whose fate the function did not tell."""
    failed: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)
    """The first ones: records and reason."""
    seconds: float = 0.0

    def add_failure(self, event: Event, batch: Batch, reason: str) -> None:
        """Note records that could not be brought through."""
        self.failed += len(batch)
        if len(self.failures) < _FAILURES_KEPT:
            records = " ".join(places(event, batch))
            self.failures.append({"records": records, "reason": reason})

    def add_fates(self, fates: Iterable[Any], records: int) -> None:
        """Add what the function told of `records` records that it accepted."""
        told = 0
        for fate in fates:
            told += fate["stored"] + fate["duplicates"] + sum(fate["quarantined"].values())
            self.stored += fate["stored"]
            self.duplicates += fate["duplicates"]
            for code, number in fate["quarantined"].items():
                self.quarantined[code] = self.quarantined.get(code, 0) + number
        self.untold += max(0, records - told)


def places(event: Event, batch: Batch) -> list[str]:
    """Name records as `orders-0[5…9]`, partition by partition."""
    return [
        f"{event.event_format.partition_key(partition)}[{_span([r.offset for r in some])}]"
        for partition, some in batch.records.items()
    ]


def _span(offsets: list[int]) -> str:
    first, last = min(offsets), max(offsets)
    return str(first) if first == last else f"{first}…{last}"


def as_json(summary: Summary, **more: object) -> str:
    """Write the summary for programs, on one line; what the function did not tell is null."""
    told = asdict(summary)
    codes = told.pop("quarantined")
    unknown = told.pop("untold") > 0
    fates = {
        "stored": summary.stored,
        "duplicates": summary.duplicates,
        "quarantined": sum(codes.values()),
        "quarantined_by_code": codes,
    }
    return json.dumps({**told, **(dict.fromkeys(fates) if unknown else fates), **more})


def as_text(summary: Summary, title: str, function: str) -> str:
    """Write the summary for people."""
    what = f"{summary.sent} records in {summary.events} events ({summary.bytes / 1e6:.1f} MB)"
    lines = [
        f"{what} of {title} to {function} in {summary.seconds:.1f} s",
        *_fates(summary),
        f"  failed: {summary.failed}",
    ]
    shown = summary.failures[:_FAILURES_SHOWN]
    lines.extend(f"    {failure['records']}: {failure['reason']}" for failure in shown)
    if len(summary.failures) > len(shown):
        lines.append("    …")
    return "\n".join(lines)


def _fates(summary: Summary) -> list[str]:
    if summary.untold:
        return [_UNKNOWN]
    codes = sorted(summary.quarantined.items())
    return [
        f"  stored: {summary.stored}",
        f"  duplicates: {summary.duplicates}",
        f"  quarantined: {sum(summary.quarantined.values())}",
        *(f"    {code}: {number}" for code, number in codes),
    ]
