"""Details: a refused record in, all that is known of it out; or exactly its bytes."""

import json
import sys
from argparse import Namespace
from collections.abc import Iterable

from devstack.console import say
from devstack.quarantine import documents, tables
from devstack.quarantine.desk import Desk
from devstack.quarantine.text import cut, readable, short
from orders import quarantine
from orders.differences import MISSING
from orders.quarantine import Attempt, ConflictDetails, QuarantinedRecord

_MOST_CHARACTERS = 20_000


def run(arguments: Namespace, desk: Desk) -> int:
    """Print one record; raises RecordNotFoundError."""
    found = quarantine.show(desk.store, arguments.id)
    if arguments.raw:
        sys.stdout.buffer.write(found.record.record.value or b"")
        sys.stdout.buffer.flush()
    elif arguments.json:
        say(documents.line(documents.details(found)))
    else:
        _tell_record(found.record)
        say("\nfaults")
        tables.show_faults(found.record.faults)
        _tell_attempts(found.attempts)
        if found.conflict:
            _tell_conflict(found.conflict)
        _tell_content("value", found.record.record.value)
    return 0


def _tell_record(found: QuarantinedRecord) -> None:
    came = found.record
    say(f"record {found.id}, {found.state}")
    produced = "" if came.produced_at_ms is None else tables.milliseconds(came.produced_at_ms)
    rows = [
        ("place", "posted over HTTP" if came.source == "http" else tables.place(came)),
        ("produced", f"{produced} {came.timestamp_type}".strip()),
        ("quarantined", tables.time(found.quarantined_at)),
        ("rules", f"version {found.validator_version}"),
        ("order id", found.order_uid or "cannot be read"),
        ("key", "none" if came.key is None else short(came.key)),
        *((f"header {name}", short(value)) for name, value in came.headers),
        *_settlement(found),
    ]
    tables.show(("", ""), rows)


def _settlement(found: QuarantinedRecord) -> list[tuple[str, str]]:
    if found.settled_at is None:
        return []
    rows = [(found.state, f"{tables.time(found.settled_at)} by {found.settled_by}")]
    if found.reason is not None:
        rows.append(("reason", found.reason))
    if found.stored_order_uid is not None:
        rows.append(("stored as", found.stored_order_uid))
    return rows


def _tell_attempts(attempts: Iterable[Attempt]) -> None:
    say("\nattempts")
    rows = [
        (
            one.number,
            tables.time(one.attempted_at),
            one.actor,
            one.outcome,
            "its own value" if one.document is None else "a corrected document",
            "; ".join(fault.sentence for fault in one.faults),
        )
        for one in attempts
    ]
    tables.show(("no", "when", "who", "outcome", "tried", "reasons"), rows)


def _tell_conflict(found: ConflictDetails) -> None:
    say("\nconflict: what is stored stays, this record differs in")
    rows = [(one.path, _json(one.stored), _json(one.received)) for one in found.differences]
    tables.show(("path", "stored", "received"), rows)
    _tell_content("stored order", json.dumps(found.stored, ensure_ascii=False).encode())


def _json(value: object) -> str:
    return "nothing" if value is MISSING else json.dumps(value, ensure_ascii=False)


def _tell_content(name: str, content: bytes | None) -> None:
    if content is None:
        say(f"\n{name}: none (a tombstone)")
        return
    say(f"\n{name}, {len(content)} bytes")
    say(cut(readable(content), _MOST_CHARACTERS))
