from collections.abc import Iterable

import pytest
from confluent_kafka import KafkaError, KafkaException

from devstack.errors import UserError
from devstack.producer.kafka_topic import Delivered, KafkaTopic
from devstack.producer.mix import Record, records

ORDER = Record("b563feb7b2b84b6test", b"{}")


class InMemoryClient:
    """A Kafka client that acknowledges what it buffers at the next poll, or refuses it."""

    def __init__(self, *, capacity: int = 1000, error: KafkaError | None = None) -> None:
        self.sent: list[tuple[str, bytes | None]] = []
        self._capacity = capacity
        self._error = error
        self._waiting: list[Delivered] = []

    def produce(self, topic: str, value: bytes | None, key: str, *, on_delivery: Delivered) -> None:
        assert topic == "orders"
        if len(self._waiting) == self._capacity:
            raise BufferError
        self._waiting.append(on_delivery)
        self.sent.append((key, value))

    def poll(self, _timeout: float) -> int:
        waiting, self._waiting = self._waiting, []
        for delivered in waiting:
            delivered(self._error, None)
        return len(waiting)

    def flush(self, timeout: float) -> int:
        self.poll(timeout)
        return 0


class RefusingClient(InMemoryClient):
    """A client that takes no record at all."""

    def produce(self, *_: object, **__: object) -> None:
        raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))


class DeafClient(InMemoryClient):
    """A client whose broker never acknowledges."""

    def poll(self, _timeout: float) -> int:
        return 0

    def flush(self, _timeout: float) -> int:
        return len(self.sent)


def _send(client: InMemoryClient, stream: Iterable[Record]) -> list[Record]:
    """Send all of it; return what was acknowledged."""
    acknowledged: list[Record] = []
    topic = KafkaTopic(client, "orders", partitions=1)
    for record in stream:
        topic.send(record, acknowledged.append)
    topic.finish()
    return acknowledged


def test_every_record_is_sent_once_in_order_under_its_orders_id() -> None:
    client = InMemoryClient(capacity=7)
    mixed = [*records(100, seed=1, bad_rate=0.3)]

    acknowledged = _send(client, mixed)

    assert client.sent == [(record.order_uid, record.value) for record in mixed]
    assert acknowledged == mixed


def test_a_full_buffer_is_waited_for() -> None:
    client = InMemoryClient(capacity=1)
    client.produce("orders", b"", "somebody else's", on_delivery=lambda *_: None)

    _send(client, [ORDER])

    assert client.sent[1:] == [(ORDER.order_uid, ORDER.value)]


def test_a_failed_delivery_is_one_clear_error_that_names_the_order() -> None:
    client = InMemoryClient(error=KafkaError(KafkaError._MSG_TIMED_OUT))  # noqa: SLF001 - its name

    with pytest.raises(UserError, match=r"b563feb7b2b84b6test was not delivered to topic orders"):
        _send(client, [ORDER])


def test_a_record_the_client_refuses_is_the_same_clear_error() -> None:
    with pytest.raises(UserError, match=r"b563feb7b2b84b6test was not delivered.*too large"):
        _send(RefusingClient(), [ORDER])


def test_a_broker_that_never_acknowledges_is_an_error_not_a_success() -> None:
    with pytest.raises(UserError, match="2 records were not acknowledged"):
        _send(DeafClient(), [ORDER, ORDER])
