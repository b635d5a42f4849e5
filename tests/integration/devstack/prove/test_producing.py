"""Records on their way to a real broker that is disturbed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import psutil
import pytest
from confluent_kafka import Message

from devstack import kafka as broker
from devstack.errors import UserError
from devstack.prove.brokers.kafka import Kafka
from devstack.prove.load.places import Place
from devstack.prove.load.producing import Producing
from devstack.prove.load.records import Records
from tests.integration.devstack.prove.load import RECORDS, WithOneTooLarge, wait_for
from tests.servers import KafkaServer, wait_until

DAY = 86_400


@pytest.fixture
def topic(kafka: KafkaServer) -> str:
    name = f"orders-{uuid4().hex}"
    broker.ensure_topic(kafka.bootstrap_servers, name)
    return name


def test_every_record_comes_once_and_in_order_whatever_happens_to_the_broker(
    kafka: KafkaServer, topic: str
) -> None:
    producing = _producing(kafka, topic, rate=500)
    producing.start()

    wait_for(producing, 200)
    with _paused(kafka):
        sent = producing.next_number
        wait_until(lambda: producing.next_number > sent + 300, "records to pile up")
    kafka.stop()
    kafka.start()
    wait_until(lambda: producing.done, "everything to be acknowledged")
    producing.stop()

    assert producing.fault is None
    assert _found(kafka, topic) == _expected(producing)


def test_the_clock_may_jump_days_back_and_ahead(kafka: KafkaServer, topic: str) -> None:
    jumps = (0, -2 * DAY, 2 * DAY)
    producing = _producing(
        kafka, topic, rate=5000, clock=lambda: time.time() + jumps[producing.next_number % 3]
    )

    producing.start()
    wait_until(lambda: producing.done, "everything to be acknowledged")
    producing.stop()

    assert producing.fault is None
    assert _found(kafka, topic) == _expected(producing)


def test_the_rate_is_kept_and_the_rest_stays_unsent_when_it_is_stopped(
    kafka: KafkaServer, topic: str
) -> None:
    producing = _producing(kafka, topic, rate=200)
    producing.start()

    wait_until(lambda: producing.next_number > 20, "a beginning")
    began, before = time.monotonic(), producing.next_number
    wait_until(lambda: producing.next_number > 120, "100 more")
    took, sent = time.monotonic() - began, producing.next_number - before
    producing.stop()

    assert sent / took == pytest.approx(200, rel=0.2)
    assert producing.next_number < len(RECORDS)


def test_a_record_that_is_never_taken_is_told_and_ends_it(kafka: KafkaServer, topic: str) -> None:
    producing = _producing(kafka, topic, rate=5000, records=WithOneTooLarge(3, 1500))

    producing.start()
    wait_until(lambda: producing.done, "the end")
    producing.stop()

    assert producing.fault
    assert "record 4 was not delivered" in producing.fault
    assert producing.next_number == 5


def test_a_topic_that_is_not_there_is_one_clear_error(kafka: KafkaServer) -> None:
    producing = _producing(kafka, "nowhere", rate=100)

    producing.start()
    wait_until(lambda: producing.done, "the end")

    with pytest.raises(UserError, match="topic nowhere does not take records"):
        producing.stop()


def _producing(
    kafka: KafkaServer,
    topic: str,
    rate: float,
    *,
    records: Records = RECORDS,
    clock: Callable[[], float] = time.time,
) -> Producing:
    destination = Kafka(kafka.bootstrap_servers, topic, "nobody").destination
    return Producing(records, destination, rate=rate, clock=clock)


@contextmanager
def _paused(kafka: KafkaServer) -> Iterator[None]:
    folder = str(kafka.broker.folder)
    (process,) = (
        child
        for child in psutil.Process().children()
        if any(folder in word for word in child.cmdline())
    )
    process.suspend()
    try:
        yield
    finally:
        process.resume()


Found = dict[Place, tuple[bytes | None, bytes | None]]


def _expected(producing: Producing) -> Found:
    places = [place for place in producing.places if place]
    assert len(places) == len(set(places)) == producing.acknowledged == len(RECORDS)
    assert sum(producing.by_partition.values()) == len(RECORDS)
    by_place = sorted(zip(places, RECORDS, strict=True), key=lambda both: both[1].number)
    for partition in producing.by_partition:
        offsets = [place.offset for place, _ in by_place if place.partition == partition]
        assert offsets == list(range(len(offsets))), "in the order of the numbers, nothing between"
    return {place: (record.key.encode(), record.value) for place, record in by_place}


def _found(kafka: KafkaServer, topic: str) -> Found:
    return {
        _place(message): (message.key(), message.value())
        for message in kafka.messages(topic, broker.DEFAULT_PARTITIONS)
    }


def _place(message: Message) -> Place:
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    return Place(partition, offset, message.timestamp()[1])
