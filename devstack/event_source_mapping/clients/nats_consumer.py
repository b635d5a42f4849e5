"""The consumer of a NATS stream: a durable pull consumer's messages in, records and acks out.

Messages leave in the order of their stream, whoever died or was restarted (see `nats.gate`). What
may have changed while nobody looked (a connection that ended, a consumer or stream made anew,
another reader's message) is a rebalance for the poller: the partition goes and comes back, and
what was held comes again. The ledger makes a repetition harmless; order once lost stays lost.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Protocol

from devstack.event_source_mapping.clients.nats import requests
from devstack.event_source_mapping.clients.nats.events import (
    Answered,
    Arrived,
    Broken,
    Closed,
    Event,
    Missing,
    Opened,
    Outgoing,
    Refused,
)
from devstack.event_source_mapping.clients.nats.holding import Kind
from devstack.event_source_mapping.clients.nats.messages import (
    PARTITION,
    Message,
    consumed_record,
)
from devstack.event_source_mapping.clients.nats.reading import INFO, Reading, nak
from devstack.event_source_mapping.clients.refused import SourceRefusedError
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.polling.metrics import Metric
from devstack.event_source_mapping.polling.ports import Assignee, Clock, Reporter
from devstack.event_source_mapping.polling.records import Batch, ConsumedRecord

RECORDS_A_POLL = 1000
LEAVE_SECONDS = 2.0


class Connection(Protocol):
    """Sessions with a server, one after the other: a `Link`, or a simulated one."""

    events: SimpleQueue[Event]

    def start(self) -> None:
        """Begin."""

    def goes_on_at(self, sequence: int) -> None:
        """Note where a consumer goes on that somebody deletes."""

    def send(self, session: int, publications: Sequence[Outgoing]) -> None:
        """Publish, if the session goes on."""

    def renew(self, session: int, why: str) -> None:
        """End a session; another begins."""

    def leave(self, session: int, publications: Sequence[Outgoing]) -> None:
        """Publish the last, and end; do not wait."""

    def join(self, timeout: float) -> None:
        """Wait for the end."""


class NatsConsumer:
    """The consumer of one poller; also the `Redelivery` its settlement tells."""

    def __init__(  # noqa: PLR0913 - what a simulation replaces, by name
        self,
        configuration: MappingConfiguration,
        member: str,
        *,
        reporter: Reporter,
        stream: str,
        link: Connection,
        clock: Clock = time,
    ) -> None:
        self.member = member
        self._configuration = configuration
        self._stream = stream
        self._reporter = reporter
        self._link = link
        self._clock = clock
        self._assignee: Assignee | None = None
        self._reading: Reading | None = None
        self._left_behind: Reading | None = None
        """What was held when the last session ended."""
        self._paused = False
        self._told: set[str] = set()
        """Faults since the last message."""
        self.settled = False
        """The partition was assigned, or the stream is known not to be there yet."""

    def subscribe(self, assignee: Assignee) -> None:
        """Connect; `assignee` is told, within `poll`, what comes and goes."""
        self._assignee = assignee
        self._link.start()

    def poll(self, timeout_seconds: float) -> Sequence[ConsumedRecord]:
        """Return what is there; wait only while nothing is.

        Raises `SourceRefusedError` when the server does not let us in.
        """
        for event in self._events(0.0 if self._has_more else timeout_seconds):
            self._heed(event)
        if self._reading is None:
            return ()
        self._do_what_is_due(self._reading)
        taken = () if self._paused else self._reading.hand_out(RECORDS_A_POLL)
        return [consumed_record(message, self._stream) for message in taken]

    def pause(self, partitions: Sequence[int]) -> None:
        """Ask for nothing more for now."""
        self._paused |= PARTITION in partitions

    def resume(self, partitions: Sequence[int]) -> None:
        """Ask for messages again."""
        self._paused &= PARTITION not in partitions

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Acknowledge what is held below; what comes of it is told to the assignee."""
        if self._reading is not None:  # what is committed while nobody is there comes again
            self._send(self._reading.commit(offsets[PARTITION], self._now))

    def retrying(self, batch: Batch, delay_seconds: float) -> None:
        """Tell the server that messages will be tried again; they stay here meanwhile."""
        if self._reading is not None:
            self._send(self._reading.ask_again(_sequences(batch), delay_seconds))

    def gave_up(self, batch: Batch) -> None:
        """Have messages terminated with the commit that comes."""
        if self._reading is not None:
            self._reading.give_up(_sequences(batch))

    @property
    def commits_on_their_way(self) -> int:
        """Count the commits the server has not confirmed."""
        return 0 if self._reading is None else len(self._reading.commits)

    def close(self) -> None:
        """Give back what is held, and leave."""
        reading = self._reading
        self._link.leave(reading.session if reading else 0, reading.naks() if reading else ())
        self._link.join(LEAVE_SECONDS)

    @property
    def _has_more(self) -> bool:
        return self._reading is not None and self._reading.has_more and not self._paused

    @property
    def _now(self) -> float:
        return self._clock.monotonic()

    @property
    def _listener(self) -> Assignee:
        assert self._assignee is not None  # noqa: S101 - events come after subscribe
        return self._assignee

    def _events(self, timeout_seconds: float) -> Iterator[Event]:
        try:
            if timeout_seconds:
                yield self._link.events.get(timeout=timeout_seconds)
            while True:
                yield self._link.events.get_nowait()
        except Empty:
            return

    def _heed(self, event: Event) -> None:
        match event:
            case Opened():
                self._open(event)
            case Arrived(session, message) if self._is_current(session):
                self._take(message)
            case Answered(session) if self._is_current(session):
                self._heed_answer(event)
            case Closed(code, text):
                self._lose()
                self._note(code, text)
            case Missing(text):
                self._lose()
                self.settled = True
                self._note("UnknownTopicOrPartitionException", text)
            case Refused(reason, text):
                raise SourceRefusedError(reason, text)
            case Broken(error):
                raise error

    def _is_current(self, session: int) -> bool:
        return self._reading is not None and self._reading.session == session

    def _open(self, opened: Opened) -> None:
        consumer = requests.durable_name(self._configuration.consumer_group)
        self._reading = reading = Reading(opened, self._stream, consumer, self._now)
        if self._left_behind and reading.is_of_same_consumer(self._left_behind):
            self._send(self._left_behind.naks())
        self._left_behind = None
        self._link.goes_on_at(opened.bound.acknowledged + 1)
        self.settled = True
        self._listener.assigned([PARTITION])

    def _lose(self) -> None:
        if self._reading is not None:
            self._left_behind, self._reading = self._reading, None
            self._listener.revoked([PARTITION])

    def _take(self, message: Message) -> None:
        assert self._reading is not None  # noqa: S101 - asked before
        self._told.clear()
        if self._reading.take(message, self._now) is Kind.STRAY:
            self._listener.revoked([PARTITION])
            self._send([*self._reading.start_over(self._now), nak(message)])
            self._listener.assigned([PARTITION])

    def _heed_answer(self, answer: Answered) -> None:
        reading = self._reading
        assert reading is not None  # noqa: S101 - asked before
        gone = reading.pulls.has_no_consumer(answer)
        if reading.commits.is_of(answer) and not gone:
            if (next_sequence := reading.commits.end(answer)) is not None:
                self._confirm(reading, next_sequence)
        elif reading.pulls.is_of(answer) and not gone:
            if fault := reading.pulls.end(answer, self._now):
                self._note(answer.status, fault)
        elif answer.what != INFO or gone or not reading.tell(answer.body):
            text = f"nobody serves consumer {self._configuration.consumer_group} any more"
            self._link.renew(reading.session, answer.text or text)

    def _confirm(self, reading: Reading, next_sequence: int) -> None:
        reading.confirmed(next_sequence)
        self._link.goes_on_at(next_sequence)
        self._listener.committed({PARTITION: next_sequence})

    def _do_what_is_due(self, reading: Reading) -> None:
        now = self._now
        for next_sequence in reading.commits.taken_at_once():
            self._confirm(reading, next_sequence)
        if reading.commits.is_overdue(now):
            reading.forget_commits()
            self._note("TimeoutException", "the server does not confirm acknowledgements")
            self._listener.commit_failed([PARTITION])
        self._send(reading.due(now, paused=self._paused))

    def _send(self, news: Sequence[Outgoing]) -> None:
        if news and self._reading is not None:
            self._link.send(self._reading.session, news)

    def _note(self, code: str, fault: str) -> None:
        self._reporter.count(Metric.POLLING_ERROR)
        if code not in self._told:
            self._reporter.warn(code, " ".join(fault.split()))
        self._told.add(code)


def _sequences(batch: Batch) -> list[int]:
    return [record.offset for record in batch]
