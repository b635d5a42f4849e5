"""Bulk: how many records of how many are done in, a bar or a last word on an interruption out."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from devstack import progress
from devstack.progress import OnProgress
from devstack.quarantine import selection
from devstack.quarantine.desk import Desk
from orders import quarantine
from orders.errors import StoreUnavailableError
from orders.quarantine import Selection


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


class Task(NamedTuple):
    """What is to be done with which records, and who is told how far it is."""

    chosen: Selection
    settled: int
    """How many records were named that are open no longer; they are left as they are."""
    on_progress: OnProgress


@contextmanager
def task(what: str, arguments: Namespace, desk: Desk) -> Iterator[Task]:
    """Give the records that are meant to be acted on, once those that cannot be are named."""
    chosen = selection.to_act_on(arguments)
    settled = desk.settled(chosen.ids)
    for one in settled:
        note(f"record {one.id} is {one.state} already; it stays so")
    total = quarantine.count(desk.store, chosen).total()
    with counted(what, total, dry_run=arguments.dry_run) as on_progress:
        yield Task(chosen, len(settled), on_progress)


def records(number: int) -> str:
    """Write a number of records."""
    return "1 record" if number == 1 else f"{number} records"


def note(text: str) -> None:
    """Say something that is no part of the answer."""
    sys.stderr.write(f"{text}\n")
