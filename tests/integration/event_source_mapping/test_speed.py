"""How fast a mapping is: loose bounds that only a broken one misses; the figures are printed."""

import statistics
import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer

from tests.integration.event_source_mapping.endpoint import LambdaEndpoint
from tests.integration.event_source_mapping.mapping_process import MappingProcess, Topic
from tests.servers import KafkaServer, wait_until

RECORDS = 40_000
RECORD_BYTES = 1300
RATE = 200


def bare_seconds(topic: Topic) -> float:
    """Read everything with a loop that does nothing else."""
    consumer = Consumer(
        {
            "bootstrap.servers": topic.servers,
            "group.id": "bare",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    assigned_at: list[float] = []
    consumer.subscribe([topic.name], on_assign=lambda *_: assigned_at.append(time.monotonic()))
    found = 0
    while found < RECORDS:
        found += len(consumer.consume(1000, 0.1))
    seconds = time.monotonic() - assigned_at[0]
    consumer.close()
    return seconds


def test_ingestion_is_not_limited_by_the_mapping(
    kafka: KafkaServer,
    endpoint: LambdaEndpoint,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    topic = Topic(kafka, partitions=3)
    topic.produce(RECORDS, size=RECORD_BYTES)
    bare = bare_seconds(topic)

    with MappingProcess(tmp_path, topic, endpoint.url, BatchSize=2000):
        topic.wait_until_committed(RECORDS)
    seconds = endpoint.invocations[-1].received_at - endpoint.invocations[0].received_at

    rate = RECORDS / seconds
    with capsys.disabled():
        print(f"\nmapping {rate:,.0f} records/s, {bare / seconds:.2f} of a bare consumer loop")  # noqa: T201 - a figure for people
    assert rate > 10_000


def test_a_record_is_sent_as_soon_as_it_is_produced(
    kafka: KafkaServer,
    endpoint: LambdaEndpoint,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    topic = Topic(kafka, partitions=3)
    with MappingProcess(tmp_path, topic, endpoint.url):
        topic.produce(topic.partitions)
        topic.wait_until_committed(topic.partitions)
        endpoint.invocations.clear()
        began = time.monotonic()
        for number in range(3 * RATE):
            due = began + number / RATE
            wait_until(lambda due=due: time.monotonic() >= due, "its turn")  # type: ignore[misc] # a loop's default
            topic.produce(1, first=number, size=RECORD_BYTES)
        topic.wait_until_committed(3 * RATE + topic.partitions)

    delays_ms = [
        invocation.received_at * 1000 - record["timestamp"]
        for invocation in endpoint.invocations
        for record in invocation.records
    ]
    half, *_, most = (statistics.quantiles(delays_ms, n=100)[at] for at in (49, 98))
    with capsys.disabled():
        print(f"\nproduce to invocation at {RATE}/s: p50 {half:.1f} ms, p99 {most:.1f} ms")  # noqa: T201 - a figure for people
    assert half < 100
