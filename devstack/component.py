"""A component of the stack: how one process is started, known to answer, and stopped."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


class NotReadyError(Exception):
    """A component stopped answering while it was being settled; it is asked again."""


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Component:
    """One process of the stack; everything the supervisor need know about it."""

    name: str
    command: Callable[[], tuple[str, ...]]
    answers: Callable[[], bool]
    """Tells whether it is of use now; asked until it is, off the event loop."""
    needs: tuple[str, ...] = ()
    """Components that must answer before this one starts and outlive it when the stack stops."""
    renewed_with: tuple[str, ...] = ()
    """Those of them that leave nothing as it was when they end: this one is ended with them."""
    prepare: Callable[[], None] = _nothing
    """Runs before every start."""
    settle: Callable[[], None] = _nothing
    """Runs whenever it has begun to answer, before what needs it is started."""
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 4
    ready_within_seconds: float = 40
