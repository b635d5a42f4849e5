"""Event pollers: how many there are."""

from collections import Counter
from collections.abc import Callable
from threading import Event

import pytest

from devstack.errors import UserError
from devstack.event_source_mapping.definition.configuration import MappingConfiguration, Pollers
from devstack.event_source_mapping.scaling import ON_DEMAND_SECONDS, Look, Scaling
from devstack.waiting import until
from tests.conformance.broker import Broker
from tests.conformance.rules import rule
from tests.conformance.topic import Topic
from tests.integration.event_source_mapping.endpoint import Invocation, Reply
from tests.servers import wait_until

SCALING = "lambda/latest/dg/kafka-scaling-modes.html"
API = "lambda/latest/api/API_ProvisionedPollerConfig.html"
STREAM = "lambda/latest/dg/polling-kafka-queue.html"
QUICK = {"scale_seconds": 0.2}
THROTTLED = Reply(b"{}", 429, {"X-Amzn-ErrorType": "TooManyRequestsException"})


def between(minimum: int, maximum: int) -> dict[str, int]:
    return {"MinimumPollers": minimum, "MaximumPollers": maximum}


def slow(_: Invocation) -> Reply:
    Event().wait(0.05)
    return Reply()


def most_shares(topic: Topic, seconds: float) -> int:
    """Return how many members the group had at most within some seconds."""
    seen: list[int] = []
    until(lambda: seen.append(len(topic.shares())), seconds)
    return max(seen)


@rule("MinimumPollers goes from 1 to 200, and is 1 when not set.", API)
def test_there_may_be_two_hundred_pollers_at_least(
    parsed: Callable[..., MappingConfiguration],
) -> None:
    assert parsed(ProvisionedPollerConfig={"MinimumPollers": 200}).pollers.minimum == 200
    assert parsed(ProvisionedPollerConfig={"MaximumPollers": 5}).pollers.minimum == 1

    for refused in (0, 201):
        with pytest.raises(UserError, match=f"MinimumPollers: {refused}"):
            parsed(ProvisionedPollerConfig=between(refused, 2000))


@rule("MaximumPollers goes from 1 to 2,000, and is 200 when not set.", API)
def test_there_may_be_two_thousand_pollers_at_most(
    parsed: Callable[..., MappingConfiguration],
) -> None:
    assert parsed(ProvisionedPollerConfig={"MaximumPollers": 2000}).pollers.maximum == 2000
    assert parsed(ProvisionedPollerConfig={"MinimumPollers": 5}).pollers.maximum == 200

    for refused in (0, 2001):
        with pytest.raises(UserError, match=f"MaximumPollers: {refused}"):
            parsed(ProvisionedPollerConfig={"MaximumPollers": refused})


@rule("MaximumPollers is not less than MinimumPollers.", SCALING)
def test_the_most_pollers_are_no_fewer_than_the_least(parsed: Callable[..., object]) -> None:
    assert parsed(ProvisionedPollerConfig=between(3, 3))

    with pytest.raises(UserError, match="MinimumPollers: 3 is more than MaximumPollers, 2"):
        parsed(ProvisionedPollerConfig=between(3, 2))


@rule("Without ProvisionedPollerConfig, or with an empty one, pollers are on demand.", SCALING)
def test_pollers_are_on_demand_by_default(parsed: Callable[..., MappingConfiguration]) -> None:
    nothings: tuple[object, ...] = (None, {})
    for nothing in nothings:
        mapping = parsed(ProvisionedPollerConfig=nothing, FunctionResponseTypes=None)
        assert not mapping.pollers.provisioned


@rule("MinimumPollers are there from the beginning, and however little there is to do.", SCALING)
def test_the_least_pollers_are_always_there(broker: Broker) -> None:
    topic = broker.topic(partitions=3)

    with broker.mapping(topic, choices=QUICK, ProvisionedPollerConfig=between(2, 3)):
        wait_until(lambda: topic.shares() == [1, 2], "two pollers")
        until(lambda: topic.shares() != [1, 2], 2)
        shares = topic.shares()

    assert shares == [1, 2]


@rule("There are never more pollers than partitions.", SCALING)
def test_there_are_no_more_pollers_than_partitions(broker: Broker) -> None:
    topic = broker.topic(partitions=2)

    with broker.mapping(topic, choices=QUICK, ProvisionedPollerConfig=between(5, 5)):
        wait_until(lambda: topic.shares() == [1, 1], "two pollers")
        most = most_shares(topic, 1)

    assert most == 2


@rule("Each partition belongs to one poller.", STREAM)
def test_no_partition_belongs_to_two_pollers(broker: Broker) -> None:
    topic = broker.topic(partitions=3)

    with broker.mapping(topic, ProvisionedPollerConfig=between(2, 2)):
        wait_until(lambda: topic.shares() == [1, 2], "two pollers")
        topic.produce(60)
        topic.wait_until_committed(60)

    assert set(Counter(broker.endpoint.places()).values()) == {1}


@rule("Provisioned pollers grow with what there is to do, and shrink when it is done.", SCALING)
def test_pollers_grow_and_shrink(broker: Broker) -> None:
    topic = broker.topic(partitions=2)
    topic.produce(200)
    broker.endpoint.answer = slow

    with broker.mapping(topic, choices=QUICK, BatchSize=2, ProvisionedPollerConfig=between(1, 2)):
        wait_until(lambda: topic.shares() == [1, 1], "a second poller", 10)
        topic.wait_until_committed(200)
        wait_until(lambda: topic.shares() == [2], "one poller", 10)


@rule("There are never more pollers than MaximumPollers.", SCALING)
def test_there_are_no_more_pollers_than_the_most(broker: Broker) -> None:
    topic = broker.topic(partitions=3)
    topic.produce(3000)
    broker.endpoint.answer = slow

    with broker.mapping(topic, choices=QUICK, BatchSize=2, ProvisionedPollerConfig=between(1, 2)):
        wait_until(lambda: topic.shares() == [1, 2], "a second poller", 10)
        most = most_shares(topic, 2)

    assert most == 2


@rule("With as many MinimumPollers as MaximumPollers nothing is scaled.", SCALING)
def test_with_one_number_of_pollers_nothing_is_scaled(broker: Broker) -> None:
    topic = broker.topic(partitions=3)
    topic.produce(120)
    broker.endpoint.answer = slow

    with broker.mapping(topic, choices=QUICK, BatchSize=2, ProvisionedPollerConfig=between(1, 1)):
        most = most_shares(topic, 1.5)
        topic.wait_until_committed(120)

    assert most == 1


@rule("A function that is throttled gets no more pollers.", SCALING)
def test_a_throttled_function_gets_no_more_pollers(broker: Broker) -> None:
    topic = broker.topic(partitions=3)
    topic.produce(300)
    broker.endpoint.answer = lambda _: THROTTLED

    with broker.mapping(topic, choices=QUICK, BatchSize=2, ProvisionedPollerConfig=between(1, 3)):
        most = most_shares(topic, 2)

    assert most == 1


@rule("Pollers on demand are counted anew every minute, by the lag of all partitions.", SCALING)
def test_pollers_on_demand_are_looked_at_every_minute(scaling: type[Scaling]) -> None:
    pollers = scaling(Pollers(), ON_DEMAND_SECONDS, 0.0)
    behind = Look(pollers=1, partitions=3, lag=1000, saturated=True)

    changes = [pollers.change(seconds, behind) for seconds in (0.0, 30.0, 59.9, 60.1, 119.9, 120.2)]

    assert changes == [0, 0, 0, 1, 0, 1]


@pytest.fixture
def scaling() -> type[Scaling]:
    """Give the decisions about pollers, which are given the time."""
    return Scaling
