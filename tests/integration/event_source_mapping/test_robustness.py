"""What happens around a mapping while it works: members, new partitions, gaps, large records."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.integration.event_source_mapping.endpoint import (
    Invocation,
    LambdaEndpoint,
    Place,
    Reply,
)
from tests.integration.event_source_mapping.mapping_process import MappingProcess, Topic
from tests.servers import KafkaServer, wait_until

MEGABYTE = 1024 * 1024
MEMORY_BOUND = 256 * MEGABYTE
"""What docs/event_source_mapping.md promises of a process with one poller."""


def everything(partitions: int, count: int) -> set[Place]:
    return {Place(n % partitions, n // partitions) for n in range(count)}


def first_offset(topic: Topic) -> int:
    """Find the first record that is left of a topic; -1 while none is found."""
    consumer = Consumer({"bootstrap.servers": topic.servers, "group.id": "peek"})
    try:
        consumer.assign([TopicPartition(topic.name, 0, 0)])
        message = consumer.poll(5)
        return -1 if message is None else message.offset() or 0
    finally:
        consumer.close()


def test_a_member_that_comes_and_goes_while_records_flow_costs_none_of_them(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=4)
    flowing, produced = threading.Event(), Counter[str]()
    flowing.set()

    def produce() -> None:
        while flowing.is_set():
            topic.produce(40, first=produced["records"])
            produced["records"] += 40

    producing = threading.Thread(target=produce)
    with MappingProcess(tmp_path / "one", topic, endpoint.url, BatchSize=20) as first:
        producing.start()
        with MappingProcess(tmp_path / "two", topic, endpoint.url, BatchSize=20) as second:
            wait_until(lambda: "assigned" in second.output(), "a share of the partitions")
            joined_at = len(endpoint.invocations)
            wait_until(lambda: len(endpoint.invocations) > joined_at + 100, "work by both")
            status, _ = second.terminate()
        left_at = len(endpoint.invocations)
        wait_until(lambda: len(endpoint.invocations) > left_at + 100, "work by the one left")
        flowing.clear()
        producing.join()
        topic.wait_until_committed(produced["records"])

    assert status == 0
    assert "gave up partitions" in first.output()
    sent = Counter(endpoint.places())
    assert sent.keys() == everything(4, produced["records"])
    # What moved comes twice from the last commit on that the broker had answered, which on a busy
    # machine is some batches ago; what did not move goes on.
    assert sum(times - 1 for times in sent.values()) < len(sent) / 5


def test_a_partition_that_is_added_is_read_from_its_beginning(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=1)

    with MappingProcess(tmp_path, topic, endpoint.url):
        topic.produce(5)
        topic.wait_until_committed(5)
        topic.grow(3)
        topic.produce(9, first=15)
        topic.wait_until_committed(14)

    assert set(endpoint.places()) == {
        *(Place(0, n) for n in range(8)),
        *(Place(p, n) for p in (1, 2) for n in range(3)),
    }


def test_records_that_compaction_removed_hold_nothing_up(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka)
    topic.partitions = 1
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    settings = {
        "cleanup.policy": "compact",
        "segment.bytes": str(MEGABYTE),
        "min.cleanable.dirty.ratio": "0.001",
        "max.compaction.lag.ms": "1",
    }
    admin.create_topics([NewTopic(topic.name, 1, 1, config=settings)])[topic.name].result()
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    for _ in range(40):
        producer.produce(topic.name, bytes(100_000), b"the same key")
        producer.flush()
    wait_until(lambda: first_offset(topic) > 0, "the compaction", 60)

    with MappingProcess(tmp_path, topic, endpoint.url):
        topic.wait_until_committed(40)

    offsets = [place.offset for place in endpoint.places()]
    assert offsets == sorted(offsets)
    assert offsets[-1] == 39
    assert len(offsets) < 40


def test_records_of_a_megabyte_wait_in_bounded_memory_and_all_arrive(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=3)
    released = threading.Event()

    def hang(_: Invocation) -> Reply:
        released.wait(60)
        return Reply()

    endpoint.answer = hang
    with MappingProcess(tmp_path, topic, endpoint.url, BatchSize=100) as mapping:
        used = [mapping.resident_bytes()]

        def sampled(holds: Callable[[], bool]) -> Callable[[], bool]:
            def look() -> bool:
                used.append(mapping.resident_bytes())
                return holds()

            return look

        topic.produce(300, size=990_000)
        wait_until(sampled(lambda: mapping.status()["heldBytes"] > 50 * MEGABYTE), "full hands")
        released.set()
        wait_until(sampled(lambda: topic.committed() == 300), "300 commits")

    assert max(used) - used[0] < MEMORY_BOUND
    assert set(endpoint.places()) == everything(3, 300)


def test_a_function_endpoint_that_answers_slowly_and_fails_half_the_time_loses_nothing(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=3)
    endpoint.answer = lambda _: Reply(b"{}", 500) if len(endpoint.invocations) % 2 else Reply()

    with MappingProcess(tmp_path, topic, endpoint.url, BatchSize=50):
        topic.produce(600)
        topic.wait_until_committed(600)

    assert set(endpoint.places()) == everything(3, 600)
