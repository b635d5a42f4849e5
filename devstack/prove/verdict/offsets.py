"""Offsets: numbers in, runs of them, and what one set of runs has over another, out."""

from collections.abc import Iterable, Iterator, Sequence

Run = tuple[int, int]
"""The first of offsets that follow each other, and the one after the last."""


def runs(offsets: Iterable[int]) -> list[Run]:
    """Join offsets into runs, in their order."""
    found: list[Run] = []
    for offset in sorted(offsets):
        if found and offset == found[-1][1]:
            found[-1] = (found[-1][0], offset + 1)
        else:
            found.append((offset, offset + 1))
    return found


def without(some: Iterable[Run], others: Sequence[Run]) -> Iterator[Run]:
    """Yield what of `some` is in none of the `others`; both are in order."""
    for first, end in some:
        start = first
        for other_first, other_end in others:
            if other_end <= start:
                continue
            if other_first >= end:
                break
            if start < other_first:
                yield start, other_first
            start = other_end
        if start < end:
            yield start, end


def has(some: Iterable[Run], offset: int) -> bool:
    """Tell whether an offset is in one of the runs."""
    return any(first <= offset < end for first, end in some)


def text(run: Run) -> str:
    """Name a run as `7` or `5…9`."""
    first, end = run
    return str(first) if end == first + 1 else f"{first}…{end - 1}"
