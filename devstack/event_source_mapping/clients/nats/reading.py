"""The reading: what a session brings in, what is to be published to its server out.

It is the state of one session with one consumer, and knows neither threads nor sockets.
"""

import json
from collections.abc import Iterable, Sequence

from devstack.event_source_mapping.clients.nats import requests
from devstack.event_source_mapping.clients.nats.commits import Commits
from devstack.event_source_mapping.clients.nats.events import Opened, Outgoing
from devstack.event_source_mapping.clients.nats.gate import Gate, Pending
from devstack.event_source_mapping.clients.nats.holding import TERM, Held, Holding, Kind
from devstack.event_source_mapping.clients.nats.messages import Message
from devstack.event_source_mapping.clients.nats.pulls import MOST_BYTES, Pulls

ASK_SECONDS = 0.25
"""How often the server is asked what is pending, while that is to be known."""

INFO = "info"
PROGRESS = b"+WPI"
PROGRESS_PARTS = 3
"""In how many parts of the acknowledgement's time the server hears of what is held."""


class Reading:
    """One session's messages."""

    def __init__(self, opened: Opened, stream: str, consumer: str, now: float) -> None:
        self.session, self.bound = opened
        self.commits = Commits()
        self.pulls = Pulls(requests.messages_of(stream, consumer))
        self._info = requests.consumer_info(stream, consumer)
        self._holding = Holding()
        self._gate = Gate(self.bound.ack_wait_seconds, now)
        self._gate.tell(Pending(self.bound.pending, self.bound.delivered))
        self._next_delivery = self.bound.deliveries + 1

    def is_of_same_consumer(self, other: "Reading") -> bool:
        """Tell whether what is held of the other is pending here."""
        return _identity(self) == _identity(other)

    @property
    def has_more(self) -> bool:
        """Tell whether messages can be handed out."""
        return self._gate.is_open and self._holding.waits

    def take(self, message: Message, now: float) -> Kind:
        """Take a delivered message in."""
        self.pulls.note_arrival()
        if message.delivery != self._next_delivery:
            self._gate.close(now)
        self._next_delivery = message.delivery + 1
        return self._holding.take(message, now)

    def hand_out(self, most: int) -> Sequence[Message]:
        """Return messages in the order of the stream."""
        return self._holding.hand_out(most) if self._gate.is_open else ()

    def start_over(self, now: float) -> list[Outgoing]:
        """Let go of everything, to get it again in order; return what to publish."""
        naks = self.naks()
        self._holding = Holding()
        self._gate.close(now)
        return naks

    def due(self, now: float, *, paused: bool) -> list[Outgoing]:
        """Return what to publish by now, commits aside."""
        self._gate.look(self._holding, now)
        news = list(self._progress(now))
        if self._gate.asks(now, ASK_SECONDS):
            news.append(Outgoing(self._info, answer=INFO))
        if not paused and (most := self._wanted(now)) and self.pulls.is_due(now):
            news.append(self.pulls.request(most, now))
        return news

    def tell(self, info: bytes) -> bool:
        """Note what the server says of the consumer; tell whether it is there."""
        told = json.loads(info)
        if "error" in told:
            return False
        self._gate.tell(Pending(told["num_ack_pending"], told["delivered"]["stream_seq"]))
        return True

    def commit(self, next_sequence: int, now: float) -> list[Outgoing]:
        """Acknowledge what is held below; the last one is to be confirmed."""
        ours = self._holding.below(next_sequence)
        if not ours:
            self.commits.confirm_at_once(next_sequence)
            return []
        news = [_acknowledgement(held) for held in ours[:-1] if not held.acknowledged]
        answer = self.commits.begin(next_sequence, now)
        return [*news, _acknowledgement(ours[-1])._replace(answer=answer)]

    def confirmed(self, next_sequence: int) -> None:
        """Let go of what is acknowledged."""
        self._holding.forget(next_sequence)

    def forget_commits(self) -> None:
        """Have everything acknowledged again with the next commit."""
        self.commits = Commits()
        for held in self._holding:
            held.acknowledged = False

    def ask_again(self, sequences: Iterable[int], delay_seconds: float) -> list[Outgoing]:
        """Tell the server that messages have to wait; they stay held."""
        body = requests.nak(min(delay_seconds, self.bound.ack_wait_seconds))
        news = []
        for sequence in sequences:
            if held := self._holding.get(sequence):
                held.asked_again = True
                news.append(Outgoing(held.message.handle, body))
        return news

    def give_up(self, sequences: Iterable[int]) -> None:
        """Have messages terminated instead of acknowledged."""
        for sequence in sequences:
            if held := self._holding.get(sequence):
                held.fate = TERM

    def naks(self) -> list[Outgoing]:
        """Give back everything that is held."""
        return [nak(held.message) for held in self._holding.in_order()]

    def _wanted(self, now: float) -> int:
        if self._gate.is_open:
            return self.pulls.most
        # What is awaited comes by itself when it is due; until then later messages come in its
        # place, which have to be held.
        if self._holding.bytes > MOST_BYTES and not self._gate.is_everything_due(now):
            return 0
        return min(self.pulls.most, self._gate.missing(self._holding))

    def _progress(self, now: float) -> Iterable[Outgoing]:
        every = self.bound.ack_wait_seconds / PROGRESS_PARTS
        for held in self._holding:
            if now >= held.heard_at + every and not (held.acknowledged or held.asked_again):
                held.heard_at = now
                yield Outgoing(held.message.handle, PROGRESS)


def nak(message: Message) -> Outgoing:
    """Give a message back, to get it again at once."""
    return Outgoing(message.handle, requests.nak(0))


def _identity(reading: Reading) -> tuple[str, str]:
    return reading.bound.stream_created, reading.bound.consumer_created


def _acknowledgement(held: Held) -> Outgoing:
    held.acknowledged = True
    return Outgoing(held.message.handle, held.fate)
