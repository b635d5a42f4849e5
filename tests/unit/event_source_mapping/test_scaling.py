"""When a mapping gets one more event poller, and when it loses one."""

import pytest

from devstack.event_source_mapping.definition.configuration import Pollers
from devstack.event_source_mapping.scaling import QUIET_PERIODS, Look, Scaling

PERIOD = 10.0
LOOK = 1.0


class Scaled:
    """Pollers that do as a scaling says, looked at every second of a simulated clock."""

    def __init__(self, minimum: int = 1, maximum: int = 10, partitions: int = 5) -> None:
        self.scaling = Scaling(Pollers(minimum, maximum, provisioned=True), PERIOD, now=0.0)
        self.partitions = partitions
        self.pollers = 0
        self.now = 0.0
        self.most = 0

    def run(self, periods: float, *, lag: int = 0, saturated: bool = False) -> int:
        """Return the pollers there are after some periods of the same."""
        until = self.now + periods * PERIOD
        while self.now < until:
            self.now += LOOK
            look = Look(self.pollers, self.partitions, lag, saturated)
            self.pollers += self.scaling.change(self.now, look)
            self.most = max(self.most, self.pollers)
        return self.pollers


def test_the_minimum_is_started_at_once() -> None:
    scaled = Scaled(minimum=3)

    assert scaled.run(3 * LOOK / PERIOD) == 3


@pytest.mark.parametrize(("partitions", "expected"), [(0, 1), (1, 1), (2, 2), (5, 4)])
def test_the_minimum_is_never_more_than_there_are_partitions(
    partitions: int, expected: int
) -> None:
    assert Scaled(minimum=4, partitions=partitions).run(5) == expected


def test_a_topic_that_grows_gets_the_minimum_it_could_not_have_before() -> None:
    scaled = Scaled(minimum=4, partitions=2)
    scaled.run(1)

    scaled.partitions = 6

    assert scaled.run(0.5) == 4


def test_one_is_started_at_the_end_of_every_period_of_lag_and_saturation() -> None:
    scaled = Scaled()

    counts = [scaled.run(1, lag=100, saturated=True) for _ in range(4)]

    assert counts == [2, 3, 4, 5]


@pytest.mark.parametrize(("maximum", "partitions", "expected"), [(3, 5, 3), (10, 2, 2)])
def test_there_are_never_more_than_the_maximum_or_the_partitions(
    maximum: int, partitions: int, expected: int
) -> None:
    scaled = Scaled(maximum=maximum, partitions=partitions)

    scaled.run(20, lag=100, saturated=True)

    assert scaled.most == expected


@pytest.mark.parametrize(
    ("lag", "saturated"),
    [(100, False), (0, True)],
    ids=["lag that can be sent", "records that wait without lag"],
)
def test_none_is_started_without_both_lag_and_saturation(*, lag: int, saturated: bool) -> None:
    assert Scaled().run(10, lag=lag, saturated=saturated) == 1


def test_one_look_that_is_not_saturated_spoils_the_period() -> None:
    scaled = Scaled()
    scaled.run(0.9, lag=100, saturated=True)

    assert scaled.run(0.1, lag=100, saturated=False) == 1


def test_one_is_taken_away_after_some_quiet_periods_and_never_below_the_minimum() -> None:
    scaled = Scaled(minimum=2)
    scaled.run(3, lag=100, saturated=True)
    assert scaled.pollers == 5

    counts = [scaled.run(QUIET_PERIODS) for _ in range(5)]

    assert counts == [4, 3, 2, 2, 2]


def test_lag_in_between_begins_the_quiet_time_anew() -> None:
    scaled = Scaled()
    scaled.run(1, lag=100, saturated=True)

    for _ in range(5):
        scaled.run(QUIET_PERIODS - 1)
        scaled.run(1, lag=1)

    assert scaled.pollers == 2


def test_a_minimum_that_is_the_maximum_switches_scaling_off() -> None:
    scaled = Scaled(minimum=2, maximum=2)

    assert scaled.run(20, lag=100, saturated=True) == 2
    assert scaled.run(20) == 2
