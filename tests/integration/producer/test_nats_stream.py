import signal
from collections.abc import Iterator
from threading import Thread

import pytest

from devstack import jetstream
from devstack.errors import UserError
from devstack.ports import free_port
from devstack.producer.bad_records import KINDS_WITH_VALUES
from devstack.producer.delivery import Summary, produce
from devstack.producer.mix import Record, bad_record, records, valid_record
from devstack.producer.nats_publisher import SILENCE_SECONDS
from devstack.producer.nats_stream import nats_stream
from tests.integration.producer.deaf_relay import deaf_relay
from tests.servers import NatsServer, running_nats, wait_until
from tests.streams import Stream

FAULT_COUNT = 3000
FAULT_RATE = 1000
"""How many records are on their way while something happens to the server: three seconds' worth."""


@pytest.fixture
def stream(nats_server: NatsServer) -> Stream:
    """Give the name of a stream that is not there yet."""
    return Stream(nats_server)


@pytest.fixture
def own_stream() -> Iterator[Stream]:
    """Give one at a server that a test may injure."""
    with running_nats() as server:
        yield Stream(server)


class Production(Thread):
    """Records on their way to a stream, beside the test."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self.acknowledged = 0
        self.fault: UserError | None = None
        self._stream = stream

    def run(self) -> None:
        try:
            with nats_stream(self._stream.url, self._stream.name) as destination:
                produce(
                    records(FAULT_COUNT, seed=7),
                    destination,
                    rate=FAULT_RATE,
                    on_progress=self._note,
                )
        except UserError as error:
            self.fault = error

    def _note(self, acknowledged: int) -> None:
        self.acknowledged = acknowledged

    def reached(self, number: int) -> None:
        """Wait until so many are acknowledged."""
        wait_until(lambda: self.acknowledged >= number, f"{number} acknowledgements")

    def finished(self) -> None:
        """Wait until all of them are."""
        self.join(60)
        assert self.fault is None
        assert self.acknowledged == FAULT_COUNT


def test_what_was_produced_stands_in_the_stream_once_in_order_under_its_orders_id(
    stream: Stream,
) -> None:
    mixed = [*records(300, seed=1, bad_rate=0.2, kinds=KINDS_WITH_VALUES)]

    summary = sent(stream, mixed)

    found = stream.held()
    assert [(m.subject, m.data or b"") for m in found] == [
        (f"{stream.name}.{record.order_uid}", record.value) for record in mixed
    ]
    assert (summary.produced, summary.valid, sum(summary.bad.values())) == (300, 240, 60)
    assert (summary.topic, summary.partitions) == (f"nats:{stream.name}", 1)


def test_the_same_orders_can_be_produced_again(stream: Stream) -> None:
    for _ in range(2):
        sent(stream, [*records(50, seed=1)])

    assert len(stream.held()) == 100


def test_records_whose_acknowledgements_are_lost_are_stored_once(
    stream: Stream,
) -> None:
    with deaf_relay(stream.url) as relay:
        with nats_stream(relay.url, stream.name) as destination:
            summary = produce(records(500, seed=7), destination)

        assert relay.cut_off.locked()
    assert summary.produced == 500
    assert uids(stream) == [valid_record(7, n).order_uid for n in range(500)]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_that_is_started_anew_has_every_record_once_and_in_order(
    own_stream: Stream, how: signal.Signals
) -> None:
    production = Production(own_stream)
    production.start()

    for number in (500, 1000):
        production.reached(number)
        own_stream.server.stop(how)
        own_stream.server.start()
    production.finished()

    expected = [valid_record(7, number).order_uid for number in range(FAULT_COUNT)]
    assert uids(own_stream) == expected


def test_a_server_that_stood_still_for_longer_than_it_is_waited_for_has_every_record_once(
    own_stream: Stream,
) -> None:
    production = Production(own_stream)
    production.start()
    production.reached(500)
    own_stream.server.send_signal(signal.SIGSTOP)
    production.join(SILENCE_SECONDS + 1)  # it sends until so many are on their way, and gives up

    own_stream.server.send_signal(signal.SIGCONT)
    production.finished()

    found = uids(own_stream)
    assert len(found) == len(set(found)) == FAULT_COUNT


def test_a_record_over_the_servers_limit_is_named(stream: Stream) -> None:
    large = Record("b563feb7b2b84b6test", bytes(jetstream.LARGEST_MESSAGE_BYTES + 1))

    with pytest.raises(UserError, match=r"b563feb7b2b84b6test was not delivered.*maximum payload"):
        sent(stream, [large])


def test_a_record_over_the_streams_limit_is_named(stream: Stream) -> None:
    stream.make(max_msg_size=1000)

    with pytest.raises(UserError, match=r"b563feb7b2b84b6test was not delivered.*message size"):
        sent(stream, [Record("b563feb7b2b84b6test", bytes(1001))])


def test_a_tombstone_is_refused_before_it_could_become_an_empty_value(
    stream: Stream,
) -> None:
    with pytest.raises(UserError, match="is a tombstone: NATS has no null"):
        sent(stream, [bad_record("tombstone", 1, 0)])

    assert stream.held() == []


def test_a_stream_of_other_subjects_is_told_before_anything_is_sent(
    stream: Stream,
) -> None:
    stream.make(subjects=[f"shop.{stream.name}"])

    with pytest.raises(UserError, match=f"does not take the subjects {stream.name}.>"):
        sent(stream, [valid_record(1, 0)])


def test_no_server_is_one_clear_error() -> None:
    nobody = f"127.0.0.1:{free_port()}"

    with pytest.raises(UserError, match=nobody), nats_stream(f"nats://{nobody}", "orders"):
        pass


def sent(stream: Stream, some: list[Record]) -> Summary:
    with nats_stream(stream.url, stream.name) as destination:
        return produce(some, destination)


def uids(stream: Stream) -> list[str]:
    return [(message.subject or "").rpartition(".")[2] for message in stream.held()]
