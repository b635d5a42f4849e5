"""The event source mapping's speed: a real broker and an instant function in, ratios out.

`python -m bench.mapping` compares the mapping with a bare consumer loop over the same records, and
the time from produce to invocation with the time from produce to a bare poll.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from confluent_kafka import Consumer

from tests.integration.event_source_mapping.endpoint import LambdaEndpoint, lambda_endpoint
from tests.integration.event_source_mapping.mapping_process import MappingProcess, Topic
from tests.servers import KafkaServer, running_kafka, wait_until

RECORD_BYTES = 1300
PARTITIONS = 3
RATE = 200
"""Records a second while delays are measured."""


@dataclass(frozen=True)
class Throughput:
    """Seconds for the same records."""

    records: int
    bare_seconds: float
    mapping_seconds: float

    @property
    def ratio(self) -> float:
        """Return the mapping's rate over the bare loop's."""
        return self.bare_seconds / self.mapping_seconds

    def __str__(self) -> str:
        rate = self.records / self.mapping_seconds
        megabytes = rate * RECORD_BYTES / 1e6
        return (
            f"mapping {rate:,.0f} records/s of {RECORD_BYTES} bytes, {megabytes:.0f} MB/s:"
            f" {self.ratio:.2f} of a bare consumer loop"
        )


@dataclass(frozen=True)
class Delays:
    """Milliseconds from produce, at the median and at the 99th percentile."""

    bare: tuple[float, float]
    mapping: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Return the mapping's median over the bare poll's."""
        return self.mapping[0] / self.bare[0]

    def __str__(self) -> str:
        return (
            f"produce to invocation at {RATE}/s: p50 {self.mapping[0]:.1f} ms, p99"
            f" {self.mapping[1]:.1f} ms; to a bare poll: p50 {self.bare[0]:.1f} ms, p99"
            f" {self.bare[1]:.1f} ms"
        )


def throughput(
    kafka: KafkaServer, endpoint: LambdaEndpoint, folder: Path, records: int
) -> Throughput:
    """Read the same records by a bare loop, then through a mapping."""
    topic = Topic(kafka, PARTITIONS)
    topic.produce(records, size=RECORD_BYTES)
    bare = _bare_seconds(topic, records)
    with MappingProcess(folder, topic, endpoint.url, BatchSize=2000):
        topic.wait_until_committed(records, seconds=120)
    first, last = endpoint.invocations[0], endpoint.invocations[-1]
    return Throughput(records, bare, last.received_at - first.received_at)


def delays(kafka: KafkaServer, endpoint: LambdaEndpoint, folder: Path, records: int) -> Delays:
    """Produce at a steady rate for a bare consumer, then for a mapping with window 0."""
    return Delays(
        bare=_quantiles(_bare_delays(Topic(kafka, PARTITIONS), records)),
        mapping=_quantiles(_mapping_delays(Topic(kafka, PARTITIONS), endpoint, folder, records)),
    )


def _consumer(topic: Topic) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": topic.servers,
            "group.id": "bare",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 100,
        }
    )


def _bare_seconds(topic: Topic, records: int) -> float:
    consumer = _consumer(topic)
    assigned_at: list[float] = []
    consumer.subscribe([topic.name], on_assign=lambda *_: assigned_at.append(time.monotonic()))
    found = 0
    while found < records:
        found += len(consumer.consume(1000, 0.1))
    seconds = time.monotonic() - assigned_at[0]
    consumer.close()
    return seconds


def _bare_delays(topic: Topic, records: int) -> list[float]:
    found: list[float] = []
    assigned, done = Event(), Event()

    def poll() -> None:
        consumer = _consumer(topic)
        consumer.subscribe([topic.name], on_assign=lambda *_: assigned.set())
        while not done.is_set():
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                found.append(time.time() * 1000 - message.timestamp()[1])
        consumer.close()

    thread = Thread(target=poll)
    thread.start()
    assigned.wait(20)
    _produce_steadily(topic, records)
    wait_until(lambda: len(found) >= records, "every record")
    done.set()
    thread.join()
    return found


def _mapping_delays(
    topic: Topic, endpoint: LambdaEndpoint, folder: Path, records: int
) -> list[float]:
    with MappingProcess(folder, topic, endpoint.url):
        topic.produce(topic.partitions)  # the first invocation opens connections
        topic.wait_until_committed(topic.partitions)
        endpoint.invocations.clear()
        _produce_steadily(topic, records)
        topic.wait_until_committed(records + topic.partitions)
    return [
        invocation.received_at * 1000 - record["timestamp"]
        for invocation in endpoint.invocations
        for record in invocation.records
    ]


def _produce_steadily(topic: Topic, records: int) -> None:
    began = time.monotonic()
    for number in range(records):
        wait_until(_is_past(began + number / RATE), "its turn")
        topic.produce(1, first=number, size=RECORD_BYTES)


def _is_past(moment: float) -> Callable[[], bool]:
    return lambda: time.monotonic() >= moment


def _quantiles(milliseconds: Iterable[float]) -> tuple[float, float]:
    quantiles = statistics.quantiles(milliseconds, n=100)
    return quantiles[49], quantiles[98]


def main() -> int:
    """Run the benchmark and print its ratios."""
    parser = argparse.ArgumentParser(prog="python -m bench.mapping", description=__doc__)
    parser.add_argument("--records", type=int, default=200_000, help="for the throughput")
    parser.add_argument("--delays", type=int, default=2000, help="records for the delays")
    chosen = parser.parse_args()
    with running_kafka() as kafka, tempfile.TemporaryDirectory() as folder:
        with lambda_endpoint() as endpoint:
            fast = throughput(kafka, endpoint, Path(folder) / "throughput", chosen.records)
        with lambda_endpoint() as endpoint:
            prompt = delays(kafka, endpoint, Path(folder) / "delays", chosen.delays)
    sys.stdout.write(f"{fast}\n{prompt}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
