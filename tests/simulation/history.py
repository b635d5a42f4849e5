"""The history: a script in, everything that happened and whether it was right out.

First the scheduler disturbs: the seed, or the script's moves, decides about every step. Then it is
calm: everything that is away comes back, everybody goes on in turn, and all must end.
"""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from types import FrameType
from unittest.mock import patch

from orders import ingestion
from tests.simulation.moves import KINDS, NUMBERS
from tests.simulation.reconciliation import Reconciliation
from tests.simulation.rules import Rule, ViolationError
from tests.simulation.script import Move, Script
from tests.simulation.world import Parts, World

ROUND_SECONDS = 0.5
"""What passes while everybody goes on once, in calm."""
PATIENCE_ROUNDS = 60
"""So long may it take until something more is committed; six times the longest retry delay."""
MOST_CPU_SECONDS = 2.0
"""What one history may take, which takes a hundredth of it; there may be a step without an end."""

_NAMES = tuple(KINDS)


@dataclass(frozen=True)
class History:
    """What happened."""

    script: Script
    moves: tuple[Move, ...]
    """What was played of it; with these instead of the seed's it happens again."""
    fault: Exception | None
    lines: list[str]

    @property
    def rule(self) -> str | None:
        """Name what does not hold; None when all does."""
        if isinstance(self.fault, ViolationError):
            return self.fault.rule
        return type(self.fault).__name__ if self.fault else None


HONEST = Parts()


def play(script: Script, parts: Parts = HONEST, *, tell: bool = False) -> History:
    """Play a history to its end, or to what must not be; `tell` it in words."""
    setting = script.setting()
    moves: list[Move] = []
    fault: Exception | None = None
    with _quiet(), _watched(), patch.object(ingestion, "SLICE_RECORDS", setting.slice_records):
        world = World(setting, parts)
        try:
            _disturb(world, script, moves)
            _calm(world)
            Reconciliation(setting, world.broker, world.store, world.checks.given_up).check()
        except Exception as error:  # noqa: BLE001 - a crash of what is tested is a finding, too
            fault = error
    return History(script, tuple(moves), fault, world.chronicle.lines() if tell else [])


def _disturb(world: World, script: Script, moves: list[Move]) -> None:
    for move in _drawn(script.seed, world.setting.turns) if script.moves is None else script.moves:
        moves.append(move)
        if not KINDS[move.kind].happen(world, move.which, move.how):
            moves.pop()


def _drawn(seed: int, turns: int) -> Iterator[Move]:
    """Draw moves; in every history other kinds are frequent, and some are not there at all."""
    draw = Random(seed)  # noqa: S311 - chance that can be repeated, not a secret
    weights = [kind.weight * draw.choice(kind.factors) for kind in KINDS.values()]
    for name in draw.choices(_NAMES, weights, k=turns):
        yield Move(name, int(draw.random() * NUMBERS), int(draw.random() * NUMBERS))


def _calm(world: World) -> None:
    world.chronicle.tell("from here on nothing is disturbed")
    world.settle_down()
    lag, patience = world.lag, PATIENCE_ROUNDS
    while not world.is_done():
        world.go_round(ROUND_SECONDS)
        patience = PATIENCE_ROUNDS if world.lag < lag else patience - 1
        lag = world.lag
        if not patience:
            raise ViolationError(Rule.PROGRESS, f"{lag} offsets are not committed")


@contextmanager
def _watched() -> Iterator[None]:
    """Break a step off that goes round in circles."""

    def break_off(_: int, __: FrameType | None) -> None:
        raise ViolationError(Rule.PROGRESS, f"a step took over {MOST_CPU_SECONDS} s")

    before = signal.signal(signal.SIGVTALRM, break_off)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_CPU_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the mapping's log lines to itself: they are as many as the disturbances."""
    log = logging.getLogger("devstack.event_source_mapping")
    before, log.disabled = log.disabled, True
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.disabled = before
        log.setLevel(level)
