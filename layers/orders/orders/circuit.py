"""Circuit: whether something works in, whether to try it out.

It opens at the first fault, and each time that it still does not work it stays open for twice as
long: what is broken costs a caller little, and what is mended is soon used again.
"""

import time
from collections.abc import Callable
from typing import Final, Literal

SHORTEST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 30.0

State = Literal["closed", "open", "half-open"]


class Circuit:
    """Closed: all may try. Open: nobody. Half-open: whoever comes next tries for all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._closed = True
        self._open_until = 0.0
        self._seconds = SHORTEST_SECONDS

    @property
    def state(self) -> State:
        """Tell how it stands."""
        if self._closed:
            return "closed"
        return "half-open" if self._clock() >= self._open_until else "open"

    def succeeded(self) -> None:
        """Close it."""
        self._closed = True
        self._seconds = SHORTEST_SECONDS

    def failed(self) -> None:
        """Open it, for longer than the last time if it did not work since."""
        if not self._closed:
            self._seconds = min(self._seconds * 2, LONGEST_SECONDS)
        self._closed = False
        self._open_until = self._clock() + self._seconds
