"""Produce records: a stream of them in, their place in a Kafka topic and a summary out.

What the summary counts as produced was acknowledged by every in-sync replica, once (KIP-98).
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol, TypeVar

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.cimpl import NewPartitions

from devstack import kafka
from devstack.errors import UserError
from devstack.producer.mix import Record

DELIVERY_SECONDS = 30
_SHOWN_ORDERS = 5

Delivered = Callable[[KafkaError | None, object], None]
Paced = TypeVar("Paced")


class Client(Protocol):
    """What sending needs of confluent-kafka's `Producer`."""

    def produce(  # noqa: D102 - confluent-kafka documents it
        self, topic: str, value: bytes | None, key: str, *, on_delivery: Delivered
    ) -> None: ...

    def poll(self, timeout: float) -> int: ...  # noqa: D102

    def flush(self, timeout: float) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Summary:
    """What came of producing."""

    topic: str
    partitions: int
    produced: int
    valid: int
    bad: Mapping[str, int]
    """Kind of bad record → how many."""
    duplicates: int
    """Orders sent more than once: none, ids are never repeated."""
    seconds: float
    order_uids: tuple[str, ...]
    """The first few valid orders, to look at."""


def produce(  # noqa: PLR0913 - each is a choice of the person who produces
    records: Iterable[Record],
    *,
    bootstrap_servers: str,
    topic: str,
    partitions: int | None = None,
    rate: float | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Send records to a topic, which is made (or given more partitions) when it needs to be.

    `rate` is in records a second; None: as fast as the broker takes them. `on_progress` hears how
    many were acknowledged so far. Raises `UserError` when the broker does not answer or refuses.
    """
    available = ensure_partitions(bootstrap_servers, topic, partitions)
    client = Producer(client_settings(bootstrap_servers, DELIVERY_SECONDS))
    sending = Sending(client, topic, on_progress)
    started = time.monotonic()
    for record in paced(records, rate, sending.wait):
        sending.send(record)
    sending.finish()
    return Summary(
        topic=topic,
        partitions=available,
        produced=sending.acknowledged,
        valid=sending.acknowledged - sending.bad.total(),
        bad=dict(sending.bad),
        duplicates=0,
        seconds=round(time.monotonic() - started, 3),
        order_uids=tuple(sending.first_valid),
    )


class Sending:
    """One stream of records on its way; the first failed delivery ends it with a `UserError`."""

    def __init__(self, client: Client, topic: str, on_progress: Callable[[int], None]) -> None:
        self.acknowledged = 0
        self.bad: Counter[str] = Counter()
        self.first_valid: list[str] = []
        self._client = client
        self._topic = topic
        self._on_progress = on_progress
        self._failure: str | None = None

    def send(self, record: Record) -> None:
        """Hand one record to the client, waiting while its buffer is full."""
        while not self._buffered(record):
            self.wait(1)  # ends: the client gives up on what it buffers after DELIVERY_SECONDS
        self.wait(0)

    def wait(self, seconds: float) -> None:
        """Let acknowledgements come in for at most `seconds`."""
        self._client.poll(seconds)
        if self._failure:
            raise UserError(self._failure)

    def finish(self) -> None:
        """Wait until every record is acknowledged."""
        left = self._client.flush(DELIVERY_SECONDS + 5)
        if left and not self._failure:
            self._failure = f"{left} records were not acknowledged in {DELIVERY_SECONDS} s"
        if self._failure:
            raise UserError(self._failure)

    def _buffered(self, record: Record) -> bool:
        try:
            self._client.produce(
                self._topic, record.value, record.order_uid, on_delivery=self._receipt(record)
            )
        except BufferError:
            return False
        except KafkaException as error:
            self._fail(record, error.args[0])
        return True

    def _receipt(self, record: Record) -> Delivered:
        def delivered(error: KafkaError | None, _: object) -> None:
            if error is not None:
                self._fail(record, error)
                return
            self._count(record)
            self._on_progress(self.acknowledged)

        return delivered

    def _count(self, record: Record) -> None:
        self.acknowledged += 1
        if record.bad:
            self.bad[record.bad] += 1
        elif len(self.first_valid) < _SHOWN_ORDERS:
            self.first_valid.append(record.order_uid)

    def _fail(self, record: Record, error: KafkaError) -> None:
        if not self._failure:
            self._failure = (
                f"order {record.order_uid} was not delivered to topic {self._topic}: {error.str()}"
            )


def paced(
    records: Iterable[Paced],
    rate: float | None,
    wait: Callable[[float], object],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Paced]:
    """Yield each record when it is due: number n at n / `rate` seconds; lateness never adds up."""
    started = clock()
    for number, record in zip(count(), records, strict=False):
        if rate:
            while (left := started + number / rate - clock()) > 0:
                wait(left)
        yield record


def ensure_partitions(bootstrap_servers: str, topic: str, wanted: int | None) -> int:
    """Make the topic, or add partitions up to `wanted`; answer how many it has.

    Partitions cannot be taken away: a topic that has more keeps them. Raises `UserError` when no
    broker answers.
    """
    kafka.ensure_topic(bootstrap_servers, topic, wanted or kafka.DEFAULT_PARTITIONS)
    client = kafka.admin(bootstrap_servers)
    try:
        present = len(client.list_topics(topic, timeout=10).topics[topic].partitions)
        if wanted is None or wanted <= present:
            return present
        client.create_partitions([NewPartitions(topic, wanted)])[topic].result(timeout=10)
    except KafkaException as error:
        message = f"topic {topic} cannot be given {wanted} partitions: {error.args[0].str()}"
        raise UserError(message) from error
    return wanted


def client_settings(bootstrap_servers: str, delivery_seconds: int) -> dict[str, Any]:
    """Return how a client sends each record once, in order, or gives it up after so long."""
    return {
        "bootstrap.servers": bootstrap_servers,
        "enable.idempotence": True,
        "acks": "all",
        "delivery.timeout.ms": delivery_seconds * 1000,
        "linger.ms": 5,
        "partitioner": "murmur2_random",  # where Kafka's own Java producer puts the same key
        "log_level": 0,  # failures come back as delivery errors
        "error_cb": lambda _: None,
    }
