"""JetStream as a reader sees it, in one thread and with a clock that is told the time.

A server holds one stream and one consumer of it. It may deliver to readers that are gone, forget
what it knew last, and lose its readers; what it promises, it keeps.
"""

import json
from collections import deque
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from queue import SimpleQueue

from devstack.event_source_mapping.clients.nats.events import (
    Answered,
    Arrived,
    Closed,
    Event,
    Opened,
    Outgoing,
)
from devstack.event_source_mapping.clients.nats.messages import Message
from devstack.event_source_mapping.clients.nats.requests import Bound
from tests.unit.event_source_mapping.fakes import FakeClock

ACK_WAIT_SECONDS = 6.0
STREAM = "orders"


@dataclass
class _Pull:
    reader: "FakeConnection | None"
    """None: somebody else, or somebody who died unnoticed."""
    session: int
    answer: str
    left: int
    until: float


@dataclass
class _Consumer:
    pending: dict[int, float] = field(default_factory=dict)
    """Due times, by sequence."""
    again: list[int] = field(default_factory=list)
    next_sequence: int = 1
    deliveries: int = 0


class FakeServer:
    """The server; `step` does what is due."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.last = 0
        self.created = 1
        self.terminated: list[int] = []
        self._consumer = _Consumer()
        self._known = _Consumer()
        self._pulls: deque[_Pull] = deque()
        self._readers: list[FakeConnection] = []
        self._sessions = 0

    @property
    def pending(self) -> set[int]:
        return set(self._consumer.pending)

    @property
    def unread(self) -> int:
        return self.last - self._consumer.next_sequence + 1

    @property
    def deliveries(self) -> int:
        return self._consumer.deliveries

    def publish(self, count: int) -> None:
        self.last += count

    def connect(self, reader: "FakeConnection") -> None:
        self._sessions += 1
        self._readers.append(reader)
        consumer = self._consumer
        bound = Bound(
            "stream",
            str(self.created),
            ACK_WAIT_SECONDS,
            len(consumer.pending),
            consumer.next_sequence - 1,
            consumer.deliveries,
            min(consumer.pending, default=consumer.next_sequence) - 1,
        )
        reader.session = self._sessions
        reader.events.put(Opened(self._sessions, bound))

    def leave(self, reader: "FakeConnection", *, noticed: bool = True) -> None:
        """Let a reader go; where it is not noticed, its requests are served on."""
        self._readers.remove(reader)
        for pull in self._pulls:
            pull.reader = None if pull.reader is reader else pull.reader
        if noticed:
            self._pulls = deque(pull for pull in self._pulls if pull.reader)

    def read_elsewhere(self, count: int) -> None:
        """Let somebody else ask for messages; what it gets, it keeps and dies of."""
        self._pulls.appendleft(_Pull(None, 0, "", 1 + count, self.clock.now + 1))

    def remember(self) -> None:
        """Write down what is known of the consumer."""
        self._known = deepcopy(self._consumer)

    def restart(self) -> None:
        """Lose every reader, and what was not written down."""
        self._consumer = deepcopy(self._known)
        self._lose_readers()

    def delete_consumer(self) -> None:
        """Have it made anew, at the beginning."""
        self.created += 1
        self._consumer = self._known = _Consumer()
        self._lose_readers()

    def hear(self, reader: "FakeConnection", news: Sequence[Outgoing]) -> None:
        for subject, body, answer in news:
            if subject.startswith("$JS.ACK."):
                self._heed(int(subject.split(".")[5]), body)
                self._answer(reader, answer)
            elif ".INFO." in subject:
                self._answer(reader, answer, json.dumps(self._info()).encode())
            else:
                asked = json.loads(body)
                until = self.clock.now + asked["expires"] / 1e9
                self._pulls.append(_Pull(reader, reader.session, answer, asked["batch"], until))

    def step(self) -> None:
        consumer, now = self._consumer, self.clock.now
        due = sorted(s for s, at in consumer.pending.items() if at <= now)
        consumer.again += [one for one in due if one not in consumer.again]
        for pull in [one for one in self._pulls if one.until <= now]:
            self._pulls.remove(pull)
            if pull.reader:
                self._answer(pull.reader, pull.answer, status="408")
        while self._pulls and (consumer.again or consumer.next_sequence <= self.last):
            self._deliver(self._pulls.popleft())

    def _deliver(self, pull: _Pull) -> None:
        consumer = self._consumer
        if consumer.again:
            sequence = consumer.again.pop(0)
        else:
            sequence = consumer.next_sequence
            consumer.next_sequence += 1
        consumer.deliveries += 1
        consumer.pending[sequence] = self.clock.now + ACK_WAIT_SECONDS
        if pull.reader:
            handle = f"$JS.ACK.{STREAM}.group.1.{sequence}.{consumer.deliveries}.0.0"
            message = Message(sequence, consumer.deliveries, 0, b"orders", b"", b"v", handle)
            pull.reader.events.put(Arrived(pull.session, message))
        pull.left -= 1
        if pull.left:
            self._pulls.append(pull)

    def _heed(self, sequence: int, body: bytes) -> None:
        consumer = self._consumer
        if sequence not in consumer.pending:
            return
        if body.startswith(b"-NAK {"):
            consumer.again = [one for one in consumer.again if one != sequence]
            delay = json.loads(body.removeprefix(b"-NAK "))["delay"] / 1e9
            consumer.pending[sequence] = self.clock.now + delay
        elif body == b"-NAK":
            consumer.again += [sequence] if sequence not in consumer.again else []
        elif body == b"+WPI":
            consumer.pending[sequence] = self.clock.now + ACK_WAIT_SECONDS
        else:
            del consumer.pending[sequence]
            consumer.again = [one for one in consumer.again if one != sequence]
            self.terminated += [sequence] if body == b"+TERM" else []

    def _info(self) -> dict[str, object]:
        consumer = self._consumer
        return {
            "num_ack_pending": len(consumer.pending),
            "delivered": {"stream_seq": consumer.next_sequence - 1},
        }

    def _lose_readers(self) -> None:
        self._pulls.clear()
        readers, self._readers = self._readers, []
        for reader in readers:
            reader.events.put(Closed("DisconnectException", "gone"))
            self.connect(reader)

    @staticmethod
    def _answer(reader: "FakeConnection", answer: str, body: bytes = b"", status: str = "") -> None:
        if answer:
            reader.events.put(Answered(reader.session, answer, status, "", body))


class FakeConnection:
    """One reader's sessions."""

    def __init__(self, server: FakeServer) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()
        self.session = 0
        self._server = server

    def start(self) -> None:
        self._server.connect(self)

    def goes_on_at(self, sequence: int) -> None:
        """Forget it: this server's consumers are made anew at the beginning."""

    def send(self, session: int, publications: Sequence[Outgoing]) -> None:
        if session == self.session:
            self._server.hear(self, publications)

    def renew(self, session: int, why: str) -> None:
        raise AssertionError(session, why)

    def leave(self, session: int, publications: Sequence[Outgoing]) -> None:
        self._server.leave(self)
        self.send(session, publications)

    def join(self, timeout: float) -> None:
        """Do not wait."""
