"""What a running stack tells of itself: addresses and processes in, `stack.json` out, and back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from devstack import private_file
from devstack.errors import UserError
from devstack.settings import Addresses, Settings

_START_TOLERANCE_SECONDS = 1


@dataclass(frozen=True)
class State:
    """A stack as its supervisor last described it."""

    pid: int
    started_at: float
    """Epoch seconds of the supervisor's process: tells it from a later owner of its pid."""
    up: bool
    addresses: Addresses
    components: Mapping[str, Mapping[str, Any]]

    @property
    def is_alive(self) -> bool:
        """Tell whether the supervisor still runs."""
        try:
            born = psutil.Process(self.pid).create_time()
        except psutil.Error:
            return False
        return abs(born - self.started_at) < _START_TOLERANCE_SECONDS


def file_of(home: Path) -> Path:
    """Return where the state is kept."""
    return home / "run" / "stack.json"


def write(home: Path, state: State) -> None:
    """Keep the state."""
    private_file.write(file_of(home), asdict(state))


def read(home: Path) -> State | None:
    """Return the state of a running stack; None when none runs."""
    try:
        told = json.loads(file_of(home).read_text())
    except (OSError, ValueError):
        return None
    addresses = told.pop("addresses")
    addresses["http_ports"] = tuple(addresses["http_ports"])
    state = State(addresses=Addresses(**addresses), **told)
    return state if state.is_alive else None


def running(settings: Settings) -> State:
    """Return the running stack's state; raises `UserError` when none runs."""
    if state := read(settings.home):
        return state
    message = "no stack is running here; start one with `make run`"
    raise UserError(message)
