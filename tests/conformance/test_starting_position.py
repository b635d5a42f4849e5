"""Where a mapping begins to read."""

import time
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, TopicPartition

from devstack.errors import UserError
from tests.conformance.broker import Broker
from tests.conformance.rules import rule

POSITIONS = "lambda/latest/dg/kafka-starting-positions.html"
GROUPS = "lambda/latest/dg/kafka-consumer-group-id.html"
API = "lambda/latest/api/API_CreateEventSourceMapping.html"


@rule("TRIM_HORIZON begins with the oldest record that is still there.", POSITIONS)
def test_trim_horizon_begins_with_the_oldest_record(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(5)
    topic.expire(before=2)

    broker.ingest(topic, StartingPosition="TRIM_HORIZON", MaximumBatchingWindowInSeconds=1)

    assert broker.sent() == [[2, 3, 4]]


@rule("LATEST begins with what is produced after the mapping is there.", POSITIONS)
def test_latest_begins_with_what_comes_after(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(5)

    with broker.mapping(topic, StartingPosition="LATEST", BatchSize=3):
        topic.produce(3, first=5)
        topic.wait_until_committed(8)

    assert [place.offset for place in broker.endpoint.places()] == [5, 6, 7]


@rule("AT_TIMESTAMP begins with the first record that is not older.", POSITIONS)
def test_at_timestamp_begins_with_the_first_record_not_older(broker: Broker) -> None:
    topic = broker.topic()
    begin = int(time.time()) - 1000
    for seconds in (begin - 1, begin, begin + 1):
        topic.send(b"value", timestamp_ms=seconds * 1000)

    broker.ingest(
        topic,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=begin,
        MaximumBatchingWindowInSeconds=1,
    )

    assert broker.sent() == [[1, 2]]


@rule("AT_TIMESTAMP needs a StartingPositionTimestamp.", POSITIONS)
def test_at_timestamp_needs_a_timestamp(parsed: Callable[..., object]) -> None:
    assert parsed(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=1_700_000_000)

    with pytest.raises(UserError, match="StartingPositionTimestamp"):
        parsed(StartingPosition="AT_TIMESTAMP")


@rule("StartingPositionTimestamp must not lie in the future.", POSITIONS)
def test_a_timestamp_is_not_in_the_future(parsed: Callable[..., object]) -> None:
    future = int(time.time()) + 3600

    with pytest.raises(UserError, match="StartingPositionTimestamp"):
        parsed(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=future)


@rule("A mapping of Kafka needs a StartingPosition: one of those three.", API)
def test_a_starting_position_is_required(parsed: Callable[..., object]) -> None:
    for refused in (None, "EARLIEST"):
        with pytest.raises(UserError, match="StartingPosition"):
            parsed(StartingPosition=refused)


@rule("Where the group has committed offsets, the starting position is ignored.", GROUPS)
def test_committed_offsets_go_before_the_starting_position(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(5)
    group = Consumer({"bootstrap.servers": topic.servers, "group.id": topic.group})
    group.commit(offsets=[TopicPartition(topic.name, 0, 3)], asynchronous=False)
    group.close()

    broker.ingest(topic, StartingPosition="LATEST")

    assert [place.offset for place in broker.endpoint.places()] == [3, 4]
