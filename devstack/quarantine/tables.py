"""Tables: rows of what came from outside in, columns on the terminal out."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console
from rich.table import Table

from devstack.quarantine.text import one_line
from orders.record import Fault, Record

_PIPE_WIDTH = 400
"""Where nobody looks, a row stays on its line."""
_NARROW = frozenset({"id", "since", "when", "code"})


def show(
    columns: Iterable[str], rows: Iterable[Iterable[object]], file: TextIO | None = None
) -> None:
    """Print a table; a text that is too broad is folded, never cut."""
    table = Table(box=None, pad_edge=False, show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in _NARROW)
    for row in rows:
        table.add_row(*(one_line(str(cell)) for cell in row))
    out = file or sys.stdout
    width = None if out.isatty() else _PIPE_WIDTH
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as drawn:
        console.print(table)
    out.writelines(f"{line.rstrip()}\n" for line in drawn.get().splitlines())
    out.flush()  # a reader that went away is noticed here, not at the very end


def show_faults(faults: Iterable[Fault], file: TextIO | None = None) -> None:
    """Print what is wrong, a line for each."""
    rows = [
        (one.path or "the whole value", one.code, one.sentence, one.value or "") for one in faults
    ]
    show(("path", "code", "sentence", "found"), rows, file)


def time(moment: datetime) -> str:
    """Write a time as the options read it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def milliseconds(since_1970: int) -> str:
    """Write a producer's time, which may be any number."""
    try:
        moment = datetime.fromtimestamp(since_1970 / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{since_1970} ms"
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def place(record: Record) -> str:
    """Name where a record stood; a stream of NATS has no partitions."""
    match record.source:
        case "http":
            return "http"
        case "nats":
            return f"{record.topic}@{record.offset}"
        case "kafka":
            return f"{record.topic}-{record.partition}@{record.offset}"
