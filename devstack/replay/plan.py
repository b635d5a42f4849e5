"""The plan of a dry run: events in, what would be sent out; nothing is."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from devstack.replay.events import Event


@dataclass
class Span:
    """What would be sent of one partition."""

    records: int
    first: int
    last: int


@dataclass
class Plan:
    """What a replay would send."""

    records: int = 0
    events: int = 0
    bytes: int = 0
    too_large: int = 0
    """Events over 6 MB, which no function takes."""
    partitions: dict[str, Span] = field(default_factory=dict)


def plan(events: Iterable[Event]) -> Plan:
    """Add up events."""
    planned = Plan()
    for event in events:
        size = len(event.payload(event.batch))
        planned.records += len(event.batch)
        planned.events += 1
        planned.bytes += size
        planned.too_large += size > event.event_format.largest_bytes
        for partition, records in event.batch.records.items():
            offsets = [record.offset for record in records]
            _widen(planned.partitions, event.event_format.partition_key(partition), offsets)
    return planned


def _widen(partitions: dict[str, Span], key: str, offsets: list[int]) -> None:
    span = partitions.setdefault(key, Span(0, offsets[0], offsets[0]))
    span.records += len(offsets)
    span.first = min(span.first, *offsets)
    span.last = max(span.last, *offsets)


def as_json(planned: Plan, **more: object) -> str:
    """Write the plan for programs, on one line."""
    return json.dumps({**asdict(planned), **more})


def as_text(planned: Plan, title: str, function: str) -> str:
    """Write the plan for people."""
    what = f"{planned.records} records in {planned.events} events ({planned.bytes / 1e6:.1f} MB)"
    lines = [
        f"{what} of {title} would be sent to {function}; nothing was",
        *(
            f"  {key}: {span.records} records, offsets {span.first} to {span.last}"
            for key, span in sorted(planned.partitions.items())
        ),
    ]
    if planned.too_large:
        lines.append(f"  {planned.too_large} events are over the 6 MB a function takes")
    return "\n".join(lines)
