import itertools
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from confluent_kafka import Producer

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


def test_pausing_and_resuming_neither_skips_nor_repeats_a_record(kafka: KafkaServer) -> None:
    topic = Topic(kafka, partitions=2)
    topic.produce(RECORDS, size=500)
    consumer = KafkaConsumer(
        MappingConfiguration(
            "Mapping", "F", topic.name, topic.servers, topic.group, StartingPosition.TRIM_HORIZON
        ),
        "member",
        FakeReporter(),
    )
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
