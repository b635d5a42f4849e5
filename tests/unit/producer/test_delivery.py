import pytest

from devstack.errors import UserError
from devstack.producer.delivery import Acknowledged, paced, produce
from devstack.producer.mix import Record, records

ORDER = Record("b563feb7b2b84b6test", b"{}")


class InMemoryDestination:
    """Acknowledges what was sent when it is waited for; refuses the orders it was told to."""

    topic = "orders"
    title = "topic orders"
    partitions = 2
    bad_kinds = ("truncated",)

    def __init__(self, *refused: str) -> None:
        self.sent: list[Record] = []
        self._refused = refused
        self._waiting: list[tuple[Record, Acknowledged]] = []

    def send(self, record: Record, acknowledged: Acknowledged) -> None:
        if record.order_uid in self._refused:
            raise UserError(record.order_uid)
        self.sent.append(record)
        self._waiting.append((record, acknowledged))

    def wait(self, _seconds: float) -> None:
        waiting, self._waiting = self._waiting, []
        for record, acknowledged in waiting:
            acknowledged(record)

    def finish(self) -> None:
        self.wait(0)


class HandClock:
    """Time that passes only by waiting, and a little by working."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def test_what_was_acknowledged_is_summed_up_by_kind() -> None:
    destination = InMemoryDestination()
    mixed = [*records(100, seed=1, bad_rate=0.3, kinds=destination.bad_kinds)]

    summary = produce(mixed, destination)

    assert destination.sent == mixed
    assert (summary.produced, summary.valid, summary.bad) == (100, 70, {"truncated": 30})
    assert (summary.topic, summary.partitions, summary.duplicates) == ("orders", 2, 0)
    assert list(summary.order_uids) == [r.order_uid for r in mixed if r.bad is None][:5]


def test_progress_is_told_with_every_acknowledgement() -> None:
    told: list[int] = []

    produce([ORDER, ORDER], InMemoryDestination(), on_progress=told.append)

    assert told == [1, 2]


def test_a_record_that_cannot_be_delivered_ends_it() -> None:
    with pytest.raises(UserError, match=ORDER.order_uid):
        produce([ORDER], InMemoryDestination(ORDER.order_uid))


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
