"""Retries of a batch that failed: how often, and what comes after."""

from collections.abc import Callable
from typing import Any

import pytest

from devstack.errors import UserError
from devstack.event_source_mapping.definition.choices import Choices
from tests.conformance.broker import Broker
from tests.conformance.rules import rule
from tests.integration.event_source_mapping.endpoint import FUNCTION_ERROR, Reply
from tests.servers import wait_until
from tests.unit.event_source_mapping.fakes import ACCEPTED, FAILED, FakeMapping, record

RETRIES = "lambda/latest/dg/kafka-retry-configurations.html"
MSK = "lambda/latest/dg/with-msk-configure.html"
API = "lambda/latest/api/API_CreateEventSourceMapping.html"
UNHANDLED = {"X-Amz-Function-Error": "Unhandled"}
THREE: dict[str, Any] = {"BatchSize": 3, "MaximumBatchingWindowInSeconds": 300}
AT_ONCE = Choices(first_retry_seconds=0.0, longest_retry_seconds=0.0)

ERRORS = {
    "exception": FUNCTION_ERROR,
    "time-out": Reply(b'{"errorMessage": "Task timed out after 3.00 seconds"}', headers=UNHANDLED),
    "out of memory": Reply(
        b'{"errorType": "Runtime.OutOfMemory", "errorMessage": "signal: killed"}', headers=UNHANDLED
    ),
}


@rule("Any error of the function (exception, time-out, out of memory) fails the batch.", MSK)
@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_an_error_of_the_function_has_the_batch_sent_again(broker: Broker, error: Reply) -> None:
    topic = broker.topic()
    topic.produce(3)
    broker.answer_first(error)

    broker.ingest(topic, **THREE)

    assert broker.sent() == [[0, 1, 2], [0, 1, 2]]


@rule("Without a retry limit a batch is sent again until the function succeeds.", MSK)
def test_a_batch_is_sent_again_until_it_succeeds(simulate: type[FakeMapping]) -> None:
    mapping = simulate(0, choices=AT_ONCE)
    mapping.consumer.produce(record(0, 0), record(0, 1))

    mapping.answer(*[FAILED] * 1000, ACCEPTED)

    assert mapping.sent() == [[(0, 0), (0, 1)]] * 1001
    assert mapping.consumer.committed == {0: 2}


@rule("What has expired from the topic is not sent again.", MSK)
def test_a_record_that_expired_is_not_retried(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(2)
    broker.fail_on(0)

    with broker.mapping(topic, BatchSize=1):
        wait_until(lambda: len(broker.sent()) > 3, "retries")
        topic.expire(before=1)
        topic.wait_until_committed(2, seconds=10)

    assert broker.sent()[-1] == [1]


@rule("MaximumRetryAttempts is -1 (the default: no limit) or goes from 0 to 10,000.", API)
def test_a_retry_limit_is_up_to_ten_thousand(parsed: Callable[..., object]) -> None:
    for allowed in (None, -1, 0, 10_000):
        assert parsed(MaximumRetryAttempts=allowed)

    for refused in (-2, 10_001):
        with pytest.raises(UserError, match=f"MaximumRetryAttempts: {refused}"):
            parsed(MaximumRetryAttempts=refused)


@rule("MaximumRetryAttempts counts the attempts after the first.", RETRIES)
def test_retries_are_the_attempts_after_the_first(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(3)
    broker.fail_on(0)

    broker.ingest(topic, **THREE, MaximumRetryAttempts=2)

    assert broker.sent() == [[0, 1, 2]] * 3


@rule("With a MaximumRetryAttempts of 0 nothing is tried twice.", RETRIES)
def test_no_retries_are_one_attempt(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(3)
    broker.fail_on(0)

    broker.ingest(topic, **THREE, MaximumRetryAttempts=0)

    assert broker.sent() == [[0, 1, 2]]


@rule("With a MaximumRetryAttempts of 10,000 a batch is tried 10,001 times.", API)
def test_ten_thousand_retries_are_made(simulate: type[FakeMapping]) -> None:
    mapping = simulate(0, choices=AT_ONCE, maximum_retry_attempts=10_000)
    mapping.consumer.produce(record(0, 0))

    mapping.answer(*[FAILED] * 10_001)

    assert len(mapping.sent()) == 10_001
    assert mapping.consumer.committed == {0: 1}


@rule("A batch without retries left is given up, and its partition goes on.", RETRIES)
def test_a_partition_goes_on_after_what_was_given_up(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(3)
    broker.fail_on(1)

    broker.ingest(topic, BatchSize=1, MaximumRetryAttempts=1)

    assert broker.sent() == [[0], [1], [1], [2]]
    assert topic.committed() == 3


@rule("With a destination, no limit becomes a limit of ten retries.", RETRIES)
def test_a_destination_makes_no_limit_ten_retries(broker: Broker) -> None:
    topic, dead_letters = broker.topic(), broker.topic()
    topic.produce(1)
    broker.fail_on(0)
    destination = {"OnFailure": {"Destination": f"kafka://{dead_letters.name}"}}

    broker.ingest(topic, MaximumRetryAttempts=-1, DestinationConfig=destination)

    assert broker.sent() == [[0]] * 11
    assert len(dead_letters.messages(1)) == 1


@rule("A limit that is set holds with a destination as well.", RETRIES)
def test_a_destination_leaves_a_limit_as_it_is(broker: Broker) -> None:
    topic, dead_letters = broker.topic(), broker.topic()
    topic.produce(1)
    broker.fail_on(0)
    destination = {"OnFailure": {"Destination": f"kafka://{dead_letters.name}"}}

    broker.ingest(topic, MaximumRetryAttempts=12, DestinationConfig=destination)

    assert broker.sent() == [[0]] * 13
