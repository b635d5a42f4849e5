"""Records on their way to a real NATS server that is disturbed, and how far they were read."""

import signal
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar
from uuid import uuid4

import pytest
from nats.js.api import ConsumerConfig, RawStreamMsg
from nats.js.client import JetStreamContext

from devstack import jetstream
from devstack.prove.brokers.broker import BrokerAwayError
from devstack.prove.brokers.nats import Nats
from devstack.prove.load.places import NOT_DATED, Place, Places
from devstack.prove.load.producing import Producing
from devstack.prove.load.records import Records
from tests.integration.devstack.prove.load import WithOneTooLarge, wait_for
from tests.servers import NatsServer, wait_until

RECORDS = Records(3, 1500, bad=0)
DURABLE = "those-who-prove"

_Told = TypeVar("_Told")


@pytest.fixture
def broker(nats_server: NatsServer) -> Nats:
    stream = f"orders-{uuid4().hex}"
    jetstream.ensure_stream(nats_server.url, stream)
    return Nats(nats_server.url, stream, DURABLE)


def test_every_record_comes_once_and_in_order_whatever_happens_to_the_server(
    nats_server: NatsServer, broker: Nats
) -> None:
    producing = Producing(RECORDS, broker.destination, rate=500)
    producing.start()

    wait_for(producing, 100)
    nats_server.send_signal(signal.SIGSTOP)
    sent = producing.next_number
    # More than an attempt may take: the same record is sent several times.
    wait_until(lambda: producing.next_number > min(sent + 1200, 1400), "records to pile up")
    nats_server.send_signal(signal.SIGCONT)
    for how in (signal.SIGKILL, signal.SIGTERM):
        wait_for(producing, producing.acknowledged + 20)
        nats_server.stop(how)
        nats_server.start()
    wait_until(lambda: producing.done, "everything to be acknowledged")
    producing.stop()

    assert producing.fault is None
    assert producing.by_partition == {0: len(RECORDS)}
    offsets = [place.offset for place in producing.places if place]
    assert offsets == list(range(1, len(RECORDS) + 1)), "in the order of the numbers"
    messages = asked(broker, lambda context: read(context, broker, offsets))
    assert [(one.subject, one.data) for one in messages] == [
        (f"{broker.stream}.{record.key}", record.value) for record in RECORDS
    ]


def test_a_record_has_the_date_that_the_server_gave_it(broker: Nats) -> None:
    producing = Producing(Records(1, 30), broker.destination, rate=1000)
    producing.start()
    wait_until(lambda: producing.done, "everything to be acknowledged")
    producing.stop()
    places = producing.places
    assert {place.timestamp_ms for place in places if place} == {NOT_DATED}

    broker.date(places)

    messages = asked(broker, lambda context: read(context, broker, range(1, 31)))
    times = [message.time for message in messages]
    assert all(times)
    assert [place.timestamp_ms for place in places if place] == [
        int(time.timestamp() * 1000) for time in times if time
    ]


def test_a_stream_without_messages_dates_nothing(broker: Nats) -> None:
    places = Places(1)
    places.put(0, Place(0, 7, NOT_DATED))

    broker.date(places)

    assert list(places) == [Place(0, 7, NOT_DATED)]


def test_a_record_that_is_never_taken_is_told_and_ends_it(broker: Nats) -> None:
    producing = Producing(WithOneTooLarge(3, 1500), broker.destination, rate=100)

    producing.start()
    wait_until(lambda: producing.done, "the end")
    producing.stop()

    assert producing.fault
    assert "record 4 was not delivered: nats: maximum payload exceeded" in producing.fault


def test_how_far_a_stream_was_read_is_what_was_acknowledged_without_a_gap(broker: Nats) -> None:
    asked(broker, lambda context: publish(context, broker, 5))
    assert (broker.progress().end(0), broker.progress().committed) == (6, {0: None})
    assert not broker.progress().is_read(0)

    asked(broker, lambda context: acknowledge(context, broker, {1, 2, 4}))
    assert broker.progress().committed == {0: 3}
    asked(broker, lambda context: acknowledge(context, broker, {3, 5}))

    wait_until(lambda: broker.progress().is_read(0), "all of it to be acknowledged")


def test_a_stream_that_nothing_came_to_is_read(broker: Nats) -> None:
    assert broker.progress().is_read(0)


def test_a_server_that_is_away_is_told(nats_server: NatsServer, broker: Nats) -> None:
    nats_server.stop()
    try:
        with pytest.raises(BrokerAwayError, match=f"does not tell of stream {broker.stream}: "):
            broker.progress()
    finally:
        nats_server.start()


def asked(broker: Nats, question: Callable[[JetStreamContext], Awaitable[_Told]]) -> _Told:
    return jetstream.asked(broker.url, None, lambda client: question(client.jetstream()))


async def publish(context: JetStreamContext, broker: Nats, count: int) -> None:
    for number in range(count):
        await context.publish(f"{broker.stream}.{number}", b"1")


async def acknowledge(context: JetStreamContext, broker: Nats, sequences: set[int]) -> None:
    """Fetch all that was not fetched yet, and acknowledge some of it."""
    config = ConsumerConfig(ack_wait=0.1)
    reader = await context.pull_subscribe(">", DURABLE, broker.stream, config)
    left = set(sequences)
    while left:
        for message in await reader.fetch(10, timeout=5):
            sequence = message.metadata.sequence.stream
            if sequence in left:
                left.remove(sequence)
                await message.ack_sync()


async def read(
    context: JetStreamContext, broker: Nats, sequences: Iterable[int]
) -> list[RawStreamMsg]:
    return [await context.get_msg(broker.stream, sequence) for sequence in sequences]
