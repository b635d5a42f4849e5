"""Throughput: samples in, how much was produced, was settled and waited over time out."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from devstack.prove.watching import Sample

MOST_BINS = 300
"""Each a second long, unless there were more of them."""


@dataclass(frozen=True)
class Throughput:
    """Work over time; what is of a bin stands between two edges, what waits at each edge."""

    edges: Sequence[float]
    produced: Sequence[float]
    """A second, in each bin."""
    settled: Sequence[float]
    waiting: Sequence[float]


def throughput(samples: Sequence[Sample], seconds: float) -> Throughput:
    """Spread samples over bins of equal length.

    Between samples, and so while PostgreSQL could not be asked, work counts as steady.
    """
    width = max(1, math.ceil(seconds / MOST_BINS))
    edges = [float(edge) for edge in range(0, math.ceil(seconds / width) * width + 1, width)]
    moments = [0.0, *(sample.at for sample in samples)]
    produced = _reached(edges, moments, [0, *(sample.acknowledged for sample in samples)])
    settled = _reached(edges, moments, [0, *(sample.settled for sample in samples)])
    return Throughput(
        edges,
        [(after - before) / width for before, after in pairwise(produced)],
        [(after - before) / width for before, after in pairwise(settled)],
        # What was settled is read last, so that it may be ahead.
        [max(0.0, sent - done) for sent, done in zip(produced, settled, strict=True)],
    )


def _reached(edges: Sequence[float], moments: list[float], counts: list[int]) -> list[float]:
    return [_at(edge, moments, counts) for edge in edges]


def _at(moment: float, moments: list[float], counts: list[int]) -> float:
    after = bisect_right(moments, moment)
    if after == len(moments):
        return counts[-1]
    before = after - 1
    share = (moment - moments[before]) / (moments[after] - moments[before])
    return counts[before] + share * (counts[after] - counts[before])
