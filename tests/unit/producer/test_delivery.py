from collections.abc import Iterable

import pytest
from confluent_kafka import KafkaError, KafkaException

from devstack.errors import UserError
from devstack.producer.delivery import Delivered, Sending, paced
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


class HandClock:
    """Time that passes only by waiting, and a little by working."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def _send(client: InMemoryClient, stream: Iterable[Record]) -> Sending:
    sending = Sending(client, "orders", lambda _: None)
    for record in stream:
        sending.send(record)
    sending.finish()
    return sending


def test_every_record_is_sent_once_in_order_under_its_orders_id() -> None:
    client = InMemoryClient(capacity=7)
    mixed = [*records(100, seed=1, bad_rate=0.3)]

    sending = _send(client, mixed)

    assert client.sent == [(record.order_uid, record.value) for record in mixed]
    assert sending.acknowledged == 100
    assert sending.bad.total() == 30


def test_a_full_buffer_is_waited_for() -> None:
    client = InMemoryClient(capacity=1)
    sending = Sending(client, "orders", lambda _: None)
    client.produce("orders", b"", "somebody else's", on_delivery=lambda *_: None)

    sending.send(ORDER)

    assert client.sent[1:] == [(ORDER.order_uid, ORDER.value)]


def test_progress_is_told_with_every_acknowledgement() -> None:
    told: list[int] = []
    sending = Sending(InMemoryClient(), "orders", told.append)

    sending.send(ORDER)
    sending.send(ORDER)

    assert told == [1, 2]


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


def test_a_steady_rate_does_not_drift_when_sending_takes_time() -> None:
    clock = HandClock()
    sent_at = []

    for _ in paced([ORDER] * 101, 10, clock.wait, clock):
        sent_at.append(clock.now - 100)
        clock.now += 0.03

    assert sent_at == pytest.approx([number / 10 for number in range(101)])


def test_what_was_late_is_caught_up() -> None:
    clock = HandClock()
    stream = paced([ORDER] * 41, 10, clock.wait, clock)

    next(stream)
    clock.now += 2
    rest = [clock.now for _ in stream]

    assert rest[0] == 102
    assert rest[-1] == pytest.approx(104)


def test_without_a_rate_nothing_waits() -> None:
    def wait(_: float) -> None:
        pytest.fail("it waited")

    assert len([*paced([ORDER] * 10, None, wait)]) == 10
