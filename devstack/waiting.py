"""Waiting: something to look for in, what was found within a bounded time out."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PAUSE_SECONDS = 0.02


def until(look: Callable[[], Found], seconds: float, pause_seconds: float = PAUSE_SECONDS) -> Found:
    """Return what `look` finds as soon as it is true; what it found last when the time is up."""
    deadline = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(pause_seconds)  # the one place that waits for what sends no word
    return found
