"""A fault: surroundings, a draw and a time in, what it hit out; what it changed is as before then.

Faults come together, so what one of them is about to hit may be gone: that is a miss, no failure.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import psutil
from pg8000.exceptions import Error

from devstack.prove.arena.proxy import MissedError
from devstack.prove.arena.stack import GoneError
from devstack.prove.faults.surroundings import Surroundings
from devstack.settings import Source

PATIENCE_SECONDS = 5.0
"""How long a fault waits for something to hit."""

AWAY = (GoneError, psutil.Error, Error, OSError, struct.error)
"""What is raised when processes and servers are not there; pg8000 lets struct's error through."""

Injection = Callable[[Surroundings, Random, float], str]


def _nothing(_: Surroundings) -> None:
    """Leave it to the stack."""


@dataclass(frozen=True)
class Fault:
    """One way to disturb the stack."""

    name: str
    what: str
    """One line for people."""
    seconds: tuple[float, float]
    """The least and the most that it lasts; 0 for what is over in a moment."""
    injection: Injection
    takes_seconds: float = 1.0
    """About how long it needs besides, with the recovery; the plan reckons with it."""
    repair: Callable[[Surroundings], None] = _nothing
    """What somebody has to do afterwards, which is a part of the recovery."""
    sources: tuple[Source, ...] = tuple(Source)
    """Where it can come; a fault of one source's own is named so."""

    def inject(self, surroundings: Surroundings, draw: Random, seconds: float) -> str:
        """Disturb, from beginning to end; return what was hit.

        Raises `MissedError` when there was nothing to hit.
        """
        try:
            return self.injection(surroundings, draw, seconds)
        except AWAY as error:
            message = f"nothing to hit: {' '.join(str(error).split()) or type(error).__name__}"
            raise MissedError(message) from error
