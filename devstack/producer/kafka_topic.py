"""A Kafka topic: records in, each acknowledged by every in-sync replica, once (KIP-98), out."""

from collections.abc import Callable
from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.cimpl import NewPartitions

from devstack import kafka
from devstack.errors import UserError
from devstack.producer.bad_records import KINDS
from devstack.producer.delivery import DELIVERY_SECONDS, Acknowledged
from devstack.producer.mix import Record

Delivered = Callable[[KafkaError | None, object], None]


class Client(Protocol):
    """What sending needs of confluent-kafka's `Producer`."""

    def produce(  # noqa: D102 - confluent-kafka documents it
        self, topic: str, value: bytes | None, key: str, *, on_delivery: Delivered
    ) -> None: ...

    def poll(self, timeout: float) -> int: ...  # noqa: D102

    def flush(self, timeout: float) -> int: ...  # noqa: D102


class KafkaTopic:
    """A topic that records are sent to; the first failed delivery ends it with a `UserError`."""

    bad_kinds = tuple(KINDS)

    def __init__(self, client: Client, topic: str, partitions: int) -> None:
        self.topic = topic
        self.title = f"topic {topic}"
        self.partitions = partitions
        self._client = client
        self._failure: str | None = None

    def send(self, record: Record, acknowledged: Acknowledged) -> None:
        """Hand one record to the client, waiting while its buffer is full."""
        while not self._buffered(record, acknowledged):
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

    def _buffered(self, record: Record, acknowledged: Acknowledged) -> bool:
        delivered = self._receipt(record, acknowledged)
        try:
            self._client.produce(self.topic, record.value, record.order_uid, on_delivery=delivered)
        except BufferError:
            return False
        except KafkaException as error:
            self._fail(record, error.args[0])
        return True

    def _receipt(self, record: Record, acknowledged: Acknowledged) -> Delivered:
        def delivered(error: KafkaError | None, _: object) -> None:
            if error is None:
                acknowledged(record)
            else:
                self._fail(record, error)

        return delivered

    def _fail(self, record: Record, error: KafkaError) -> None:
        if not self._failure:
            self._failure = (
                f"order {record.order_uid} was not delivered to topic {self.topic}: {error.str()}"
            )


def kafka_topic(bootstrap_servers: str, topic: str, partitions: int | None = None) -> KafkaTopic:
    """Return a topic, which is made (or given more partitions) when it needs to be.

    Raises `UserError` when no broker answers.
    """
    available = ensure_partitions(bootstrap_servers, topic, partitions)
    client = Producer(client_settings(bootstrap_servers, DELIVERY_SECONDS))
    return KafkaTopic(client, topic, available)


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
