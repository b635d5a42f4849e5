import itertools
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from devstack.event_source_mapping.clients.consumer import KafkaConsumer
from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    StartingPosition,
)
from tests.integration.event_source_mapping.endpoint import LambdaEndpoint, Place
from tests.integration.event_source_mapping.mapping_process import MappingProcess, Topic
from tests.servers import KafkaServer, wait_until
from tests.unit.event_source_mapping.fakes import FakeReporter

RECORDS = 50_000


def test_a_broker_that_is_killed_and_comes_back_costs_nothing(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=3)

    with MappingProcess(tmp_path, topic, endpoint.url):
        topic.produce(30)
        topic.wait_until_committed(30)
        kafka.stop(signal.SIGKILL)
        kafka.start()
        topic.produce(30, first=30)
        topic.wait_until_committed(60, seconds=20)

    assert set(endpoint.places()) == {Place(n % 3, n // 3) for n in range(60)}


def test_a_mapping_stops_in_time_while_its_broker_is_away(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=1)

    with MappingProcess(tmp_path, topic, endpoint.url) as mapping:
        kafka.stop(signal.SIGKILL)
        try:
            status, seconds = mapping.terminate()
        finally:
            kafka.start()

    assert status == 0
    assert seconds < 5


def test_aborted_transactions_are_not_sent_and_their_gaps_hold_nothing_up(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=1)
    producer = Producer({"bootstrap.servers": topic.servers, "transactional.id": topic.name})
    producer.init_transactions()
    for number in range(6):
        producer.begin_transaction()
        producer.produce(topic.name, b"value", str(number).encode(), partition=0)
        producer.flush()
        if number % 2:
            producer.abort_transaction()
        else:
            producer.commit_transaction()

    with MappingProcess(tmp_path, topic, endpoint.url):
        wait_until(lambda: len(endpoint.places()) >= 3, "the committed records")
        last = endpoint.places()[-1].offset
        topic.wait_until_committed(last + 1)

    # Each transaction takes an offset for its record and one for its end.
    assert [place.offset for place in endpoint.places()] == [0, 4, 8]


class Nobody:
    """Does not care what a consumer tells."""

    def assigned(self, partitions: Sequence[int]) -> None: ...
    def revoked(self, partitions: Sequence[int]) -> None: ...
    def committed(self, offsets: Mapping[int, int]) -> None: ...
    def commit_failed(self, partitions: Sequence[int]) -> None: ...


class Holder(Nobody):
    """Keeps the partitions it was given."""

    def __init__(self) -> None:
        self.partitions: set[int] = set()

    def assigned(self, partitions: Sequence[int]) -> None:
        self.partitions.update(partitions)

    def revoked(self, partitions: Sequence[int]) -> None:
        self.partitions.difference_update(partitions)


def member_of(topic: Topic, name: str) -> KafkaConsumer:
    configuration = MappingConfiguration(
        "Mapping", "F", topic.name, topic.servers, topic.group, StartingPosition.TRIM_HORIZON
    )
    return KafkaConsumer(configuration, name, FakeReporter())


def join(consumer: KafkaConsumer, partitions: int) -> Holder:
    """Join the group, and wait for so many partitions."""
    held = Holder()
    consumer.subscribe(held)
    wait_until(
        lambda: (consumer.poll(0.05), len(held.partitions) == partitions)[1], "the partitions"
    )
    return held


@contextmanager
def polled(consumer: KafkaConsumer) -> Iterator[None]:
    """Poll on a thread of its own, as a poller does; then leave."""
    ended = Event()

    def poll() -> None:
        while not ended.is_set():
            consumer.poll(0.02)
        consumer.close()

    with ThreadPoolExecutor() as pool:
        polling = pool.submit(poll)
        try:
            yield
        finally:
            ended.set()
            polling.result()


def members_left(topic: Topic) -> set[str]:
    admin = AdminClient({"bootstrap.servers": topic.servers})
    group = admin.describe_consumer_groups([topic.group])[topic.group].result()
    return {member.group_instance_id for member in group.members}


def test_a_member_that_leaves_amid_a_rebalance_is_not_waited_for(kafka: KafkaServer) -> None:
    topic = Topic(kafka, partitions=2)
    staying, leaving = member_of(topic, "staying"), member_of(topic, "leaving")
    held = join(leaving, partitions=2)
    staying.subscribe(Nobody())

    with polled(staying):
        wait_until(lambda: (leaving.poll(0.01), len(held.partitions) == 1)[1], "a rebalance")
        leaving.close()

        assert members_left(topic) == {"staying"}


def test_a_member_that_hears_of_its_end_by_a_commit_ends(kafka: KafkaServer) -> None:
    topic = Topic(kafka, partitions=1)
    first, second = member_of(topic, "the same"), member_of(topic, "the same")
    with closing(second):
        join(first, partitions=1)
        join(second, partitions=1)
        first.commit({0: 0})

        with pytest.raises(KafkaException, match="fenced"):
            wait_until(lambda: first.poll(0.05), "the end of the one that was taken for dead", 10)


def test_pausing_and_resuming_neither_skips_nor_repeats_a_record(kafka: KafkaServer) -> None:
    topic = Topic(kafka, partitions=2)
    topic.produce(RECORDS, size=500)
    consumer = member_of(topic, "member")
    consumer.subscribe(Nobody())
    offsets: dict[int, list[int]] = {0: [], 1: []}

    rounds = itertools.count()

    def pause_and_read() -> bool:
        partition = next(rounds) % 2
        consumer.pause([partition])
        read()
        consumer.resume([partition])
        read()
        return sum(map(len, offsets.values())) >= RECORDS

    def read() -> None:
        for _ in range(3):
            for record in consumer.poll(0.05):
                offsets[record.partition].append(record.offset)

    wait_until(pause_and_read, "every record")

    consumer.close()
    assert offsets == {0: list(range(RECORDS // 2)), 1: list(range(RECORDS // 2))}
