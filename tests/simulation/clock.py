"""The clock: simulated seconds; the wall clock beside it may be set."""

BEGINNING = 1735689600.0


class SimulatedClock:
    """Stands still until time passes."""

    def __init__(self) -> None:
        self.now = 0.0
        self._wall_is_ahead_by = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return BEGINNING + self.now + self._wall_is_ahead_by

    def set_wall_clock(self, ahead_by: float) -> None:
        """Let the wall clock jump."""
        self._wall_is_ahead_by = ahead_by
