"""The injection: a plan in, what each fault hit and how soon work went on out."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from devstack.prove.arena.proxy import MissedError
from devstack.prove.faults import Surroundings
from devstack.prove.plan import MOST_TOGETHER, Group, Planned
from devstack.prove.result import Hit
from devstack.waiting import until

ATTEMPTS = 3
"""How often a fault that found nothing to hit is tried."""


class Progress(Protocol):
    """Tells whether work goes on."""

    def moved(self, since: float) -> float | None:
        """Return when every partition had settled more than at `since`, None when not yet."""


class Injection:
    """Faults at work on one stack; times are seconds since the proof began.

    A recovery is waited for so long at most; then the next group comes all the same.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        progress: Progress,
        now: Callable[[], float],
        tell: Callable[[Hit], None],
        patience_seconds: float,
    ) -> None:
        self._surroundings = surroundings
        self._progress = progress
        self._now = now
        self._tell = tell
        self._patience_seconds = patience_seconds

    def run(self, groups: Iterable[Group]) -> Iterator[Hit]:
        """Inject one group after the other, each when work has gone on since the last."""
        with ThreadPoolExecutor(MOST_TOGETHER, "fault") as threads:
            for group in groups:
                time.sleep(group.calm_seconds)  # between faults, as the plan says
                yield from self._together(threads, group.faults)

    def _together(self, threads: ThreadPoolExecutor, faults: tuple[Planned, ...]) -> Iterator[Hit]:
        for _ in range(ATTEMPTS):
            hits = list(threads.map(self._hit, faults))
            yield from self._recovered(hits)
            # What came while another fault had stopped all work comes again, for itself.
            faults = tuple(one for one, hit in zip(faults, hits, strict=True) if hit.missed)
            if not faults:
                return

    def _hit(self, planned: Planned) -> Hit:
        time.sleep(planned.after_seconds)  # after its group's first, as the plan says
        began = self._now()
        draw = random.Random(planned.seed)  # noqa: S311 - repeatable, guards nothing
        try:
            what = planned.fault.inject(self._surroundings, draw, planned.seconds)
        except MissedError as miss:
            return Hit(planned.fault.name, began, self._now(), str(miss), None, missed=True)
        ended = self._now()
        planned.fault.repair(self._surroundings)
        return Hit(planned.fault.name, began, ended, what, None, missed=False)

    def _recovered(self, hits: list[Hit]) -> Iterator[Hit]:
        """Tell each fault with how long after the group's end work went on."""
        ended = max(hit.ended for hit in hits)
        moved = until(lambda: self._progress.moved(ended), self._patience_seconds)
        recovery = None if moved is None else max(0.0, moved - ended)
        for hit in hits:
            told = replace(hit, recovery_seconds=None if hit.missed else recovery)
            self._tell(told)
            yield told
