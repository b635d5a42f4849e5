"""BisectBatchOnFunctionError: a batch that fails is split in two."""

from collections.abc import Callable
from typing import Any

from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from tests.conformance.broker import Broker
from tests.conformance.rules import rule

RETRIES = "lambda/latest/dg/kafka-retry-configurations.html"
API = "lambda/latest/api/API_CreateEventSourceMapping.html"
FOUR: dict[str, Any] = {"BatchSize": 4, "MaximumBatchingWindowInSeconds": 300}


@rule("A batch is not split unless BisectBatchOnFunctionError says so.", API)
def test_a_batch_is_not_split_by_default(
    parsed: Callable[..., MappingConfiguration],
) -> None:
    assert not parsed().bisect_on_function_error
    assert parsed(BisectBatchOnFunctionError=True).bisect_on_function_error


@rule("A batch whose function failed is split in two, and each part is tried.", RETRIES)
def test_a_failed_batch_is_split_in_two(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.fail_on(0, 1, 2, 3, times=1)

    broker.ingest(topic, **FOUR, BisectBatchOnFunctionError=True)

    assert broker.sent() == [[0, 1, 2, 3], [0, 1], [2, 3]]


@rule("A part that fails is split again, down to the record that is to blame.", RETRIES)
def test_splitting_finds_the_record_that_fails(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.fail_on(2)

    broker.ingest(topic, **FOUR, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)

    assert broker.sent() == [[0, 1, 2, 3], [0, 1], [2, 3], [2], [3]]
    assert topic.committed() == 4


@rule("Of a batch that was split, only what is to blame goes to the destination.", RETRIES)
def test_only_the_record_that_fails_is_given_up(broker: Broker) -> None:
    topic, dead_letters = broker.topic(), broker.topic()
    topic.produce(4)
    broker.fail_on(2)

    broker.ingest(
        topic,
        **FOUR,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": f"kafka://{dead_letters.name}"}},
    )

    (message,) = dead_letters.messages(1)
    assert message.document["KafkaBatchInfo"]["recordInfo"]["offset"] == "2"
