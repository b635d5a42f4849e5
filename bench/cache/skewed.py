"""Skewed reads: ids in, an endless choice of them out, a few of them asked for over and over.

The n-th most wanted order is asked for 1/n as often as the first (Zipf's law).
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random


def choices(uids: Sequence[str], seed: int) -> Iterator[str]:
    """Yield ids; which of them are wanted most is drawn too, so that it is not the newest."""
    draw = Random(seed)  # noqa: S311 - repeatable, guards nothing
    ranked = draw.sample(uids, len(uids))
    weights = list(accumulate(1 / rank for rank in range(1, len(ranked) + 1)))
    while True:
        yield from draw.choices(ranked, cum_weights=weights, k=100)
