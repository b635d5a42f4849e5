"""The gate: what the server says is pending in, whether messages may be handed out, out.

A consumer that others read as well, or did until they died, delivers around what they hold: later
messages come before earlier ones. Nothing is handed out until everything pending is held here.
"""

from typing import NamedTuple

from devstack.event_source_mapping.clients.nats.holding import Holding


class Pending(NamedTuple):
    """How many messages somebody holds, none of them above `delivered`."""

    number: int
    delivered: int


class Gate:
    """Open, or closed for a time that ends."""

    def __init__(self, ack_wait_seconds: float, now: float) -> None:
        self._ack_wait_seconds = ack_wait_seconds
        self._pending: Pending | None = None
        self._closed_at = now
        self._ask_at = now
        self.is_open = False
        self.is_shared = False
        """Somebody else reads as well, and holds on: their order with ours is not to be had."""

    def close(self, now: float) -> None:
        """Hold back what comes: something was delivered elsewhere."""
        if self.is_open and not self.is_shared:
            self.is_open = False
            self._pending = None
            self._closed_at = self._ask_at = now

    def tell(self, pending: Pending) -> None:
        """Note what the server says."""
        self._pending = pending

    def look(self, holding: Holding, now: float) -> None:
        """Open when everything is here, or was waited for long enough."""
        if not self.is_open:
            self.is_open = self._missing(holding) == 0
            if now >= self._closed_at + 2 * self._ack_wait_seconds:
                self.is_open = self.is_shared = True

    def missing(self, holding: Holding) -> int:
        """Count the messages that are pending and not here; 0 while nothing is known."""
        return self._missing(holding) or 0

    def is_everything_due(self, now: float) -> bool:
        """Tell whether the server by now sends again what somebody left behind, before the rest."""
        return now >= self._closed_at + self._ack_wait_seconds

    def asks(self, now: float, every_seconds: float) -> bool:
        """Tell whether it is time to ask the server."""
        if self.is_open or now < self._ask_at:
            return False
        self._ask_at = now + every_seconds
        return True

    def _missing(self, holding: Holding) -> int | None:
        if self._pending is None:
            return None
        number, delivered = self._pending
        here = sum(one.message.sequence <= delivered for one in holding)
        return max(0, number - here)
