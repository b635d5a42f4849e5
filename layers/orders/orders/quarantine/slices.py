"""Slices: a selection in, its open records out, as many at a time as one transaction settles."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Final

from orders.quarantine.records import OPEN, Selection
from orders.quarantine.store import WRITE_SECONDS, Candidate, QuarantineStore

SLICE_RECORDS: Final = 1000
SLICE_BYTES: Final = 16 * 2**20


def slices(store: QuarantineStore, selection: Selection) -> Iterator[list[Candidate]]:
    """Yield the open records that are there now, as many at a time as one transaction settles."""
    selection = dataclasses.replace(selection, state=OPEN)
    newest = store.find(selection, before=None, limit=1, seconds=WRITE_SECONDS)
    after, last = 0, newest[0].id if newest else 0
    while after < last:
        found = store.candidates(selection, after=after, limit=SLICE_RECORDS, seconds=WRITE_SECONDS)
        some = [one for one in _fitting(found) if one.id <= last]
        if not some:
            return
        yield some
        after = some[-1].id


def _fitting(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield the first of them, and those after it that fit into a slice's bytes."""
    total = 0
    for one in candidates:
        total += one.value_bytes
        if total > SLICE_BYTES and one is not candidates[0]:
            return
        yield one
