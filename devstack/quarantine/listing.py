"""Listing: a selection in, its newest records and how many there are of each code out."""

from argparse import Namespace
from collections import Counter
from itertools import islice

from devstack.console import say
from devstack.quarantine import documents, selection, tables
from devstack.quarantine.desk import Desk
from orders import quarantine
from orders.quarantine import QuarantinedRecord, Selection

_COLUMNS = ("id", "since", "place", "order id", "code", "sentence")


def run(arguments: Namespace, desk: Desk) -> int:
    """Print a table, or one JSON object a line; 0 however many there are."""
    chosen = selection.to_look_at(arguments)
    desk.settled(chosen.ids)
    if arguments.by_code:
        _tell_codes(quarantine.count(desk.store, chosen), as_json=arguments.json)
    elif arguments.json:
        for record in islice(desk.records(chosen), arguments.limit):
            say(documents.line(documents.record(record)))
    else:
        _tell(desk, chosen, arguments.limit)
    return 0


def _tell(desk: Desk, chosen: Selection, limit: int) -> None:
    rows = [_row(one, chosen) for one in islice(desk.records(chosen), limit)]
    if not rows:
        say("no record is selected")
        return
    codes = quarantine.count(desk.store, chosen)
    tables.show(_COLUMNS, rows)
    if codes.total() > len(rows):
        say(f"… and {codes.total() - len(rows)} more; --limit N shows more of them, --code … fewer")
    say("")
    _tell_codes(codes, as_json=False)


def _row(one: QuarantinedRecord, chosen: Selection) -> tuple[object, ...]:
    return (
        one.id,
        tables.time(one.quarantined_at),
        tables.place(one.record),
        one.order_uid or "",
        one.code if chosen.state else f"{one.code} ({one.state})",
        one.faults[0].sentence,
    )


def _tell_codes(codes: Counter[str], *, as_json: bool) -> None:
    if as_json:
        for code, count in codes.most_common():
            say(documents.line({"code": code, "records": count}))
    else:
        tables.show(("code", "records"), [*codes.most_common(), ("together", codes.total())])
