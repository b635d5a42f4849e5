"""The holding: messages as they come in, messages in the order of their stream out.

A message is held from its delivery until its acknowledgement is confirmed, and handed out once.
Whatever the server delivers again meanwhile is a copy of one that is held.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from heapq import heappop, heappush

from devstack.event_source_mapping.clients.nats.messages import Message

ACK = b""
TERM = b"+TERM"


class Kind(Enum):
    """What a message that came is."""

    NEW = auto()
    COPY = auto()
    STRAY = auto()
    """It belongs before messages that were handed out: it was somebody else's."""


@dataclass(slots=True)
class Held:
    """A message that is held."""

    message: Message
    heard_at: float
    """When the server last heard, or said, that somebody has it; monotonic seconds."""
    fate: bytes = ACK
    acknowledged: bool = False
    asked_again: bool = False
    """The server was told to send it again, and has not yet."""


class Holding:
    """The messages of one consumer."""

    def __init__(self) -> None:
        self._held: dict[int, Held] = {}
        self._waiting: list[int] = []
        self._last = 0

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Held]:
        """Yield what is held."""
        return iter(self._held.values())

    @property
    def bytes(self) -> int:
        """Count the bytes of what is held."""
        return sum(len(held.message.value) + len(held.message.headers) for held in self)

    @property
    def waits(self) -> bool:
        """Tell whether a message was not handed out yet."""
        return bool(self._waiting)

    def take(self, message: Message, now: float) -> Kind:
        """Take a message in, unless it is a stray."""
        held = self._held.get(message.sequence)
        if held is not None:
            held.message, held.heard_at, held.asked_again = message, now, False
            return Kind.COPY
        if message.sequence <= self._last:
            return Kind.STRAY
        self._held[message.sequence] = Held(message, now)
        heappush(self._waiting, message.sequence)
        return Kind.NEW

    def hand_out(self, most: int) -> Sequence[Message]:
        """Return the next messages, in order."""
        taken = [heappop(self._waiting) for _ in range(min(most, len(self._waiting)))]
        self._last = taken[-1] if taken else self._last
        return [self._held[sequence].message for sequence in taken]

    def get(self, sequence: int) -> Held | None:
        """Return one that is held."""
        return self._held.get(sequence)

    def in_order(self) -> Sequence[Held]:
        """Return what is held, in order."""
        return [self._held[sequence] for sequence in sorted(self._held)]

    def below(self, sequence: int) -> Sequence[Held]:
        """Return what is held below `sequence`, in order."""
        return [held for held in self.in_order() if held.message.sequence < sequence]

    def forget(self, sequence: int) -> None:
        """Let go of everything below `sequence`."""
        for one in [one for one in self._held if one < sequence]:
            del self._held[one]
