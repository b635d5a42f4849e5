"""Bulk: how many records of how many are done in, a bar or a last word on an interruption out."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from devstack import progress
from devstack.progress import OnProgress
from orders.errors import StoreUnavailableError
from orders.quarantine import QuarantinedRecord


@contextmanager
def counted(what: str, total: int, *, dry_run: bool) -> Iterator[OnProgress]:
    """Give what is told how many are done; tell it to the person when something comes between."""
    reached = 0
    try:
        with progress.bar(what, total) as draw:

            def on_progress(done: int) -> None:
                nonlocal reached
                reached = done
                draw(done)

            yield on_progress
    except (KeyboardInterrupt, StoreUnavailableError):
        kept = "nothing was written" if dry_run else "what is done stays done"
        note(f"stopped after {reached} of {records(total)}; {kept}")
        raise


def note_settled(settled: Sequence[QuarantinedRecord]) -> None:
    """Say which of the named records are left as they are."""
    for one in settled:
        note(f"record {one.id} is {one.state} already; it stays so")


def records(number: int) -> str:
    """Write a number of records."""
    return "1 record" if number == 1 else f"{number} records"


def note(text: str) -> None:
    """Say something that is no part of the answer."""
    sys.stderr.write(f"{text}\n")
