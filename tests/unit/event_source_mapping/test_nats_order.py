"""The order of a stream's messages, whatever happens to those who read and to the server."""

from collections.abc import Callable, Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from devstack.event_source_mapping.clients.nats_consumer import NatsConsumer
from devstack.event_source_mapping.polling.records import Batch, Record
from tests.unit.event_source_mapping.fakes import FakeClock, FakeReporter, configuration
from tests.unit.event_source_mapping.jetstream import STREAM, FakeConnection, FakeServer

STEP_SECONDS = 0.25


class Reader:
    """A poller that accepts what it is handed, some of it at a time."""

    def __init__(self, server: FakeServer, handed: list[int]) -> None:
        self.link = FakeConnection(server)
        self.consumer = NatsConsumer(
            configuration(),
            "member",
            reporter=FakeReporter(),
            stream=STREAM,
            link=self.link,
            clock=server.clock,
        )
        self.handed = handed
        self.held: list[int] = []
        self.rebalances = 0
        self.committed_to = 0
        self.consumer.subscribe(self)

    def assigned(self, partitions: Sequence[int]) -> None:
        assert list(partitions) == [0]
        self.held = []

    def revoked(self, partitions: Sequence[int]) -> None:
        assert list(partitions) == [0]
        self.held = []
        self.rebalances += 1

    def committed(self, offsets: Mapping[int, int]) -> None:
        self.committed_to = offsets[0]

    def commit_failed(self, partitions: Sequence[int]) -> None:
        raise AssertionError(partitions)

    def poll(self) -> None:
        for record in self.consumer.poll(0.0):
            assert not self.held or record.offset > self.held[-1], "rising, while assigned"
            self.held.append(record.offset)
            self.handed.append(record.offset)

    def accept(self, count: int) -> None:
        if count and self.held:
            accepted, self.held = self.held[:count], self.held[count:]
            self.consumer.commit({0: accepted[-1] + 1})

    def retry(self, delay_seconds: float) -> None:
        if self.held:
            self.consumer.retrying(batch(self.held), delay_seconds)

    def give_up(self) -> None:
        if self.held:
            self.consumer.gave_up(batch(self.held[:1]))
            self.accept(1)


def batch(sequences: Sequence[int]) -> Batch:
    return Batch({0: [Record(0, sequence, 0, b"", 0.0) for sequence in sequences]})


class World:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.server = FakeServer(self.clock)
        self.handed: list[int] = []
        self.reader = Reader(self.server, self.handed)

    def do(self, what: str, number: int) -> None:
        doings: Mapping[str, Callable[[], None]] = {
            "publish": lambda: self.server.publish(number),
            "accept": lambda: self.reader.accept(number),
            "retry": lambda: self.reader.retry(number / 2),
            "give up": self.reader.give_up,
            "read elsewhere": lambda: self.server.read_elsewhere(number),
            "remember": self.server.remember,
            "restart the server": self.server.restart,
            "delete the consumer": self.server.delete_consumer,
            "kill": lambda: self.replace(noticed=True),
            "kill unnoticed": lambda: self.replace(noticed=False),
            "stop": self.stop,
            "pause": lambda: self.reader.consumer.pause([0]),
            "resume": lambda: self.reader.consumer.resume([0]),
            "wait": lambda: self.pass_time(number),
        }
        doings[what]()
        self.pass_time(1)

    def replace(self, *, noticed: bool) -> None:
        self.server.leave(self.reader.link, noticed=noticed)
        self.reader = Reader(self.server, self.handed)

    def stop(self) -> None:
        self.reader.consumer.close()
        self.reader = Reader(self.server, self.handed)

    def pass_time(self, steps: int) -> None:
        for _ in range(steps):
            self.server.step()
            self.reader.poll()
            self.clock.now += STEP_SECONDS

    def finish(self) -> None:
        """Let everything be read in peace."""
        self.reader.consumer.resume([0])
        for _ in range(400):
            self.pass_time(1)
            self.reader.accept(10**6)
        assert not self.server.pending
        assert not self.server.unread


DOINGS = st.sampled_from(
    [
        *("publish", "accept", "read elsewhere", "remember", "restart the server", "kill"),
        *("retry", "give up"),
        *("delete the consumer", "kill unnoticed", "stop", "pause", "resume", "wait"),
    ]
)


@given(st.lists(st.tuples(DOINGS, st.integers(0, 12)), max_size=40))
def test_every_message_is_handed_out_after_all_before_it(doings: list[tuple[str, int]]) -> None:
    world = World()

    for what, number in doings:
        world.do(what, number)
    world.server.publish(1)
    world.finish()

    highest = 0
    for sequence in world.handed:
        assert sequence <= highest + 1, "nothing was overtaken"
        highest = max(highest, sequence)
    assert highest == world.server.last, "nothing is lost"


def test_what_is_given_up_is_terminated_and_the_rest_acknowledged() -> None:
    world = World()
    world.server.publish(3)
    world.pass_time(2)

    world.reader.consumer.gave_up(batch([2]))
    world.finish()

    assert world.server.terminated == [2]
    assert world.handed == [1, 2, 3]


def test_what_waits_for_a_retry_is_held_though_the_server_sends_it_again() -> None:
    world = World()
    world.server.publish(3)
    world.pass_time(2)

    world.reader.retry(0.5)
    world.pass_time(40)

    assert world.reader.held == world.handed == [1, 2, 3]
    assert world.reader.rebalances == 0
    world.finish()


def test_what_is_worked_on_for_long_is_not_sent_again() -> None:
    world = World()
    world.server.publish(3)

    world.pass_time(100)

    assert world.server.deliveries == 3
    world.finish()


def test_what_is_read_in_peace_comes_once_and_is_committed() -> None:
    world = World()

    world.server.publish(30)
    world.finish()

    assert world.handed == list(range(1, 31))
    assert world.reader.committed_to == 31
    assert world.reader.rebalances == 0
