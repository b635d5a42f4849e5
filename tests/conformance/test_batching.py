"""Batches: when the function is invoked, and with how much."""

import time
from collections.abc import Callable

import pytest

from devstack.errors import UserError
from tests.conformance.broker import Broker
from tests.conformance.rules import rule
from tests.unit.event_source_mapping.fakes import FakeMapping, record

BATCHING = "lambda/latest/dg/invocation-eventsourcemapping.html"
API = "lambda/latest/api/API_CreateEventSourceMapping.html"
LOW_LATENCY = "lambda/latest/dg/with-kafka-low-latency.html"
MEGABYTES_6 = 6 * 1024 * 1024
FOR_EVER = 300
"""The longest window: only something else can end it within a test."""


@rule("A batch has at most 100 records unless BatchSize says otherwise.", API)
def test_a_batch_has_a_hundred_records_by_default(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(150)

    broker.ingest(topic, BatchSize=None, MaximumBatchingWindowInSeconds=1)

    assert [len(offsets) for offsets in broker.sent()] == [100, 50]


@rule("A batch has at most BatchSize records.", API)
def test_a_batch_has_no_more_records_than_its_size(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(10)

    broker.ingest(topic, BatchSize=3)

    sizes = [len(offsets) for offsets in broker.sent()]
    assert sum(sizes) == 10
    assert max(sizes) == 3


@rule("BatchSize goes from 1 to 10,000.", API)
def test_a_batch_may_have_ten_thousand_records(parsed: Callable[..., object]) -> None:
    assert parsed(BatchSize=1)
    assert parsed(BatchSize=10_000)

    for refused in (0, 10_001):
        with pytest.raises(UserError, match=f"BatchSize: {refused}"):
            parsed(BatchSize=refused)


@rule("A batch that is full leaves at once, however long the window.", BATCHING)
def test_a_full_batch_does_not_wait_for_the_window(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(3)

    broker.ingest(topic, BatchSize=3, MaximumBatchingWindowInSeconds=FOR_EVER)

    assert broker.sent() == [[0, 1, 2]]


@rule("When the window ends, a batch leaves with what it has.", BATCHING)
def test_the_end_of_the_window_sends_what_is_there(broker: Broker) -> None:
    topic = broker.topic()

    with broker.mapping(topic, BatchSize=100, MaximumBatchingWindowInSeconds=1):
        produced_at = time.time()
        topic.produce(3)
        topic.wait_until_committed(3)

    assert broker.sent() == [[0, 1, 2]]
    assert 0.9 < broker.endpoint.invocations[0].received_at - produced_at < 3


@rule("A batch that reaches 6 MB leaves at once, however long the window.", BATCHING)
def test_six_megabytes_do_not_wait_for_the_window(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(*[bytes(900_000)] * 6)  # a third more in base64

    with broker.mapping(topic, BatchSize=100, MaximumBatchingWindowInSeconds=FOR_EVER):
        topic.wait_until_committed(5)

    assert broker.sent() == [[0, 1, 2, 3, 4]]


@rule("An event is never larger than 6 MB.", BATCHING)
def test_no_event_is_larger_than_six_megabytes(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(*[bytes(1_000_000)] * 12)

    invocations = broker.ingest(topic, MaximumBatchingWindowInSeconds=1)

    assert max(len(invocation.body) for invocation in invocations) <= MEGABYTES_6


@rule("The window is half a second when it is not set.", API)
def test_the_window_is_half_a_second_by_default(broker: Broker) -> None:
    topic = broker.topic()

    with broker.mapping(topic, MaximumBatchingWindowInSeconds=None):
        produced_at = time.time()
        topic.produce(1)
        topic.wait_until_committed(1)

    assert 0.45 < broker.endpoint.invocations[0].received_at - produced_at < 1.5


@rule("MaximumBatchingWindowInSeconds goes from 0 to 300, in whole seconds.", API)
def test_a_window_has_up_to_three_hundred_whole_seconds(parsed: Callable[..., object]) -> None:
    assert parsed(MaximumBatchingWindowInSeconds=0)
    assert parsed(MaximumBatchingWindowInSeconds=300)

    for refused in (-1, 0.5, 301):
        with pytest.raises(UserError, match=f"MaximumBatchingWindowInSeconds: {refused}"):
            parsed(MaximumBatchingWindowInSeconds=refused)


@rule("A window of 300 seconds lasts 300 seconds.", API)
def test_the_longest_window_lasts_as_long(simulate: type[FakeMapping]) -> None:
    mapping = simulate(0, window_seconds=300.0)
    mapping.consumer.produce(record(0, 0))

    mapping.run(299.8)
    early = mapping.sent()
    mapping.run(0.3)

    assert (early, mapping.sent()) == ([], [[(0, 0)]])


@rule("The window begins when the first record of a batch arrives.", BATCHING)
def test_the_window_begins_with_the_first_record(simulate: type[FakeMapping]) -> None:
    mapping = simulate(0, window_seconds=10.0)
    mapping.run(25)  # two windows and a half, had they begun with the mapping
    mapping.consumer.produce(record(0, 0))
    mapping.run(9)
    mapping.consumer.produce(record(0, 1))

    early = mapping.sent()
    mapping.run(1.2)

    assert (early, mapping.sent()) == ([], [[(0, 0), (0, 1)]])


@rule("With a window of 0 a record is sent without waiting for others.", LOW_LATENCY)
def test_without_a_window_nothing_is_waited_for(broker: Broker) -> None:
    topic = broker.topic()

    with broker.mapping(topic, MaximumBatchingWindowInSeconds=0):
        for number in range(5):
            topic.produce(1, first=number)
            topic.wait_until_committed(number + 1)

    delays_ms = sorted(
        invocation.received_at * 1000 - invocation.records[0]["timestamp"]
        for invocation in broker.endpoint.invocations
    )
    assert broker.sent() == [[0], [1], [2], [3], [4]]
    assert delays_ms[2] < 300
