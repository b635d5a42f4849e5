"""Partial batch responses: what the function says of single records."""

from collections.abc import Callable
from typing import Any

import pytest

from devstack.errors import UserError
from tests.conformance.broker import Broker, partial
from tests.conformance.rules import rule
from tests.integration.event_source_mapping.endpoint import FUNCTION_ERROR, Place, Reply

RETRIES = "lambda/latest/dg/kafka-retry-configurations.html"
API = "lambda/latest/api/API_CreateEventSourceMapping.html"
FOUR: dict[str, Any] = {"BatchSize": 4, "MaximumBatchingWindowInSeconds": 300}
"""Four records make one batch, however slowly they come."""


@rule("An empty list of batchItemFailures is success.", RETRIES)
def test_an_empty_list_is_success(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(partial())

    broker.ingest(topic, **FOUR)

    assert broker.sent() == [[0, 1, 2, 3]]


@rule("A null response is success.", RETRIES)
def test_null_is_success(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(Reply(b"null"))

    broker.ingest(topic, **FOUR)

    assert broker.sent() == [[0, 1, 2, 3]]


@rule("An empty JSON object is success.", RETRIES)
def test_an_empty_object_is_success(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(Reply(b"{}"))

    broker.ingest(topic, **FOUR)

    assert broker.sent() == [[0, 1, 2, 3]]


@rule("Only the records that the response lists are sent again.", RETRIES)
def test_only_listed_records_are_sent_again(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(partial(topic.identifier(1), topic.identifier(3)))

    broker.ingest(topic, **FOUR)

    assert broker.sent() == [[0, 1, 2, 3], [1, 3]]


@rule("An item is named by topic-partition and offset, so partitions are told apart.", RETRIES)
def test_items_are_named_by_partition_and_offset(broker: Broker) -> None:
    topic = broker.topic(partitions=2)
    topic.produce(4)
    broker.answer_first(partial(topic.identifier(1, partition=0), topic.identifier(0, partition=1)))

    first, again = broker.ingest(
        topic, **FOUR, ProvisionedPollerConfig={"MinimumPollers": 1, "MaximumPollers": 1}
    )

    assert len(first.places) == 4
    assert sorted(again.places) == [Place(0, 1), Place(1, 0)]


@rule("An offset that was not in the event makes the whole batch fail.", RETRIES)
def test_an_unknown_offset_fails_the_batch(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(partial(topic.identifier(1), topic.identifier(4)))

    broker.ingest(topic, **FOUR)

    assert broker.sent() == [[0, 1, 2, 3], [0, 1, 2, 3]]


@rule("A partition that was not in the event makes the whole batch fail.", RETRIES)
def test_an_unknown_partition_fails_the_batch(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(partial(topic.identifier(1, partition=7)))

    broker.ingest(topic, **FOUR)

    assert broker.sent() == [[0, 1, 2, 3], [0, 1, 2, 3]]


@rule("A function error makes the whole batch fail, partial responses or not.", RETRIES)
def test_a_function_error_fails_the_batch(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(FUNCTION_ERROR)

    broker.ingest(topic, **FOUR)

    assert broker.sent() == [[0, 1, 2, 3], [0, 1, 2, 3]]


@rule("Items that fail again are sent again, until the response lists none.", RETRIES)
def test_items_are_sent_again_until_none_is_listed(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(
        partial(topic.identifier(1), topic.identifier(2)), partial(topic.identifier(2))
    )

    broker.ingest(topic, **FOUR)

    assert broker.sent() == [[0, 1, 2, 3], [1, 2], [2]]


@rule("Without ReportBatchItemFailures a response lists nothing: the batch succeeded.", API)
def test_partial_responses_are_ignored_unless_asked_for(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(partial(topic.identifier(1)))

    broker.ingest(topic, **FOUR, FunctionResponseTypes=None)

    assert broker.sent() == [[0, 1, 2, 3]]


@rule("ReportBatchItemFailures is the only response type there is.", API)
def test_there_is_one_response_type(parsed: Callable[..., object]) -> None:
    assert parsed(FunctionResponseTypes=["ReportBatchItemFailures"])

    with pytest.raises(UserError, match="FunctionResponseTypes"):
        parsed(FunctionResponseTypes=["ReportEverything"])
