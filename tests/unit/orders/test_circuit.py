"""What does not work is left alone for a while, and is tried again."""

import pytest

from orders.circuit import LONGEST_SECONDS, Circuit
from tests.unit.orders.made import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit(clock)


def test_it_is_closed_until_something_fails(circuit: Circuit) -> None:
    assert circuit.state == "closed"
    circuit.succeeded()
    assert circuit.state == "closed"


def test_a_fault_opens_it_for_a_second(circuit: Circuit, clock: Clock) -> None:
    circuit.failed()

    states = []
    for moment in (1000.0, 1000.999, 1001.0):
        clock.now = moment
        states.append(circuit.state)

    assert states == ["open", "open", "half-open"]


def test_what_works_again_closes_it(circuit: Circuit, clock: Clock) -> None:
    circuit.failed()
    clock.now += 1

    circuit.succeeded()

    assert circuit.state == "closed"


def test_it_stays_open_for_longer_each_time_up_to_a_bound(circuit: Circuit, clock: Clock) -> None:
    waited = []

    for _ in range(7):
        circuit.failed()
        before = clock.now
        while circuit.state == "open":
            clock.now += 1
        waited.append(clock.now - before)

    assert waited == [1, 2, 4, 8, 16, LONGEST_SECONDS, LONGEST_SECONDS]


def test_after_a_success_it_begins_anew(circuit: Circuit, clock: Clock) -> None:
    for _ in range(3):
        circuit.failed()
        clock.now += LONGEST_SECONDS
    circuit.succeeded()

    circuit.failed()
    clock.now += 1

    assert circuit.state == "half-open"
