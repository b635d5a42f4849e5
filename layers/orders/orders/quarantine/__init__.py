"""Quarantine: refused records in; looked at, redriven as orders, or discarded out.

A redrive runs a record through the rules and the transaction of ingestion. Whatever is done to a
record is written down with who did it, and its own bytes never change.
"""

from orders.quarantine.discarding import discard, discard_all
from orders.quarantine.inspection import count, find, show
from orders.quarantine.records import (
    DISCARDED,
    OPEN,
    REDRIVEN,
    STATES,
    Attempt,
    ConflictDetails,
    Details,
    Page,
    QuarantinedRecord,
    Selection,
    conflict,
)
from orders.quarantine.redriving import (
    MOST_ATTEMPTS,
    Redriven,
    Redrives,
    correct_all,
    redrive,
    redrive_all,
)
from orders.quarantine.store import QuarantineStore

__all__ = [
    "DISCARDED",
    "MOST_ATTEMPTS",
    "OPEN",
    "REDRIVEN",
    "STATES",
    "Attempt",
    "ConflictDetails",
    "Details",
    "Page",
    "QuarantineStore",
    "QuarantinedRecord",
    "Redriven",
    "Redrives",
    "Selection",
    "conflict",
    "correct_all",
    "count",
    "discard",
    "discard_all",
    "find",
    "redrive",
    "redrive_all",
    "show",
]
