"""Playing: seeds in, the first of them whose history does not hold out; on several processes."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from devstack import progress
from tests.simulation.history import HONEST, play
from tests.simulation.saboteurs import SABOTEURS
from tests.simulation.script import Script
from tests.simulation.world import Parts

_A_TASK = 50
"""Histories that a process plays before it tells of them."""


def parts_of(saboteur: str | None) -> Parts:
    """Return what a world is made of when a saboteur, or nobody, is at work."""
    return SABOTEURS[saboteur] if saboteur else HONEST


def first_failed(seeds: range, saboteur: str | None, jobs: int) -> int | None:
    """Return the lowest seed whose history does not hold."""
    done = 0
    with progress.bar("histories", len(seeds), every=_A_TASK) as on_progress:
        for failed, played in _played(seeds, saboteur, jobs):
            done += played
            on_progress(done)
            if failed is not None:
                return failed
    return None


def _played(seeds: range, saboteur: str | None, jobs: int) -> Iterator[tuple[int | None, int]]:
    tasks = [seeds[start : start + _A_TASK] for start in range(0, len(seeds), _A_TASK)]
    work = partial(_play_all, saboteur)
    if jobs == 1:
        yield from map(work, tasks)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as processes:
        yield from processes.map(work, tasks)


def _play_all(saboteur: str | None, seeds: Iterable[int]) -> tuple[int | None, int]:
    """Return the first seed that fails, and how many were played."""
    played = 0
    for seed in seeds:
        played += 1
        if play(Script(seed), parts_of(saboteur)).fault is not None:
            return seed, played
    return None, played
