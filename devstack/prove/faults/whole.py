"""Faults of the whole: its clock, its front, all of its processes at once."""

import math
import signal
import time
from collections.abc import Sequence
from random import Random

from devstack.prove.faults.fault import Fault
from devstack.prove.faults.processes import signalled
from devstack.prove.faults.surroundings import Surroundings

LEAST_JUMP_SECONDS = 90.0
MOST_JUMP_SECONDS = 2 * 86_400.0


def _clock_jumped(surroundings: Surroundings, draw: Random, seconds: float) -> str:
    seconds_off = jump(draw)
    try:
        surroundings.chaos.jump_clock(seconds_off)
        time.sleep(seconds)  # as long as the fault lasts
    finally:
        surroundings.chaos.jump_clock(0)
    return f"by {seconds_off:+.0f} s, for {seconds:.1f} s"


def jump(draw: Random) -> float:
    """Draw minutes as often as days."""
    length = math.exp(draw.uniform(math.log(LEAST_JUMP_SECONDS), math.log(MOST_JUMP_SECONDS)))
    return draw.choice((-1, 1)) * length


def _stack_killed(surroundings: Surroundings, _draw: Random, _seconds: float) -> str:
    return f"{surroundings.stack.kill()} processes"


FAULTS: Sequence[Fault] = (
    Fault(
        "clock-jumped",
        "the clock of the stack's Python processes jumps, 90 s to 2 days, and later back",
        (1, 8),
        _clock_jumped,
    ),
    Fault(
        "front-killed",
        "SIGKILL of the front, which holds the functions' environments and answers the readers",
        (0, 0),
        signalled("front", signal.SIGKILL),
        takes_seconds=2.0,
    ),
    Fault(
        "stack-killed",
        "SIGKILL of every process at once, the supervisor first; then a new start",
        (0, 0),
        _stack_killed,
        takes_seconds=8.0,
        repair=lambda surroundings: surroundings.stack.start(),
    ),
)
