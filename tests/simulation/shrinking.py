"""The shrinking: a script that fails in, a shorter one that fails by the same rule out.

Whatever can be left out is left out, the largest parts first, for as long as the same rule breaks:
what happens, records, pollers, partitions. What the seed decided stays.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.simulation.history import HONEST, History, play
from tests.simulation.script import Script
from tests.simulation.world import Parts

T = TypeVar("T")

MOST_SECONDS = 30.0
"""So long a shorter one is looked for."""


class Shrinking:
    """The search for a shorter history that breaks the same rule."""

    def __init__(self, failed: History, parts: Parts = HONEST) -> None:
        self._parts = parts
        self._rule = failed.rule
        self._until = time.monotonic() + MOST_SECONDS
        setting = failed.script.setting()
        self._best = replace(
            failed.script,
            moves=failed.moves,
            records=failed.script.records or tuple(range(len(setting.contents))),
            pollers=setting.pollers,
            partitions=setting.partitions,
        )

    def shrink(self) -> Script:
        """Return the shortest script that was found."""
        before = None
        while before != self._best and self._has_time:
            before = self._best
            self._lower_counts()
            self._leave_out(self._best.moves or (), lambda m: replace(self._best, moves=m))
            self._leave_out(self._best.records or (), lambda r: replace(self._best, records=r))
            self._lower_numbers()
        return self._best

    @property
    def _has_time(self) -> bool:
        return time.monotonic() < self._until

    def _lower_counts(self) -> None:
        for count in range(1, self._best.pollers or 1):
            if self._keep_if_it_fails(replace(self._best, pollers=count)):
                break
        for count in range(1, self._best.partitions or 1):
            if self._keep_if_it_fails(replace(self._best, partitions=count)):
                break

    def _leave_out(self, parts: Sequence[T], script_of: Callable[[tuple[T, ...]], Script]) -> None:
        """Leave out runs of parts, each half as long as those before."""
        kept = tuple(parts)
        length = len(kept)
        while length and self._has_time:
            start = len(kept) - length
            while start > -length:
                fewer = (*kept[: max(0, start)], *kept[start + length :])
                if self._keep_if_it_fails(script_of(fewer)):
                    kept = fewer
                start -= length
            length //= 2

    def _lower_numbers(self) -> None:
        for place in range(len(self._best.moves or ())):
            moves = list(self._best.moves or ())
            if place < len(moves) and moves[place][1:] != (0, 0):
                moves[place] = moves[place]._replace(which=0, how=0)
                self._keep_if_it_fails(replace(self._best, moves=tuple(moves)))

    def _keep_if_it_fails(self, script: Script) -> bool:
        if not self._has_time:
            return False
        history = play(script, self._parts)
        if history.rule != self._rule:
            return False
        # What was in the script and did nothing is not in what was played.
        self._best = replace(script, moves=history.moves)
        return True


def shrink(failed: History, parts: Parts = HONEST) -> History:
    """Return a shorter history that breaks the same rule, told in words."""
    return play(Shrinking(failed, parts).shrink(), parts, tell=True)
