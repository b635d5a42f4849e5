"""The metrics of a mapping, by AWS's names."""

from collections.abc import Callable
from typing import Any

import pytest

from devstack.account import ACCOUNT, REGION
from devstack.errors import UserError
from tests.conformance.broker import Broker, partial
from tests.conformance.rules import rule
from tests.integration.event_source_mapping.endpoint import FUNCTION_ERROR, Reply
from tests.integration.event_source_mapping.local_aws import Queue
from tests.servers import wait_until
from tests.unit.event_source_mapping.fakes import ACCEPTED, FakeMapping, record

TYPES = "lambda/latest/dg/monitoring-metrics-types.html"
ON_FAILURE = "lambda/latest/dg/kafka-on-failure.html"
API = "lambda/latest/api/API_EventSourceMappingMetricsConfig.html"
PATTERN = {"Filters": [{"Pattern": '{"value": {"kind": ["a"]}}'}]}
FOUR: dict[str, Any] = {"BatchSize": 4, "MaximumBatchingWindowInSeconds": 300}
MISSING_QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:not-there"


@rule("PolledEventCount counts the records that were read.", TYPES)
def test_polled_records_are_counted(broker: Broker) -> None:
    topic = broker.topic(partitions=2)
    topic.produce(10)

    with broker.mapping(topic) as mapping:
        metrics = mapping.wait_for(CommittedEventCount=10)

    assert metrics["PolledEventCount"] == 10


@rule("FilteredOutEventCount counts the records that a filter removed.", TYPES)
def test_filtered_records_are_counted(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b'{"kind": "a"}', b'{"kind": "b"}', b'{"kind": "b"}')

    with broker.mapping(topic, FilterCriteria=PATTERN) as mapping:
        metrics = mapping.wait_for(CommittedEventCount=3)

    assert metrics["FilteredOutEventCount"] == 2
    assert metrics["InvokedEventCount"] == 1


@rule("InvokedEventCount counts the records sent to the function, once for every attempt.", TYPES)
def test_sent_records_are_counted_at_every_attempt(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(FUNCTION_ERROR, FUNCTION_ERROR)

    with broker.mapping(topic, **FOUR) as mapping:
        metrics = mapping.wait_for(CommittedEventCount=4)

    assert metrics["InvokedEventCount"] == 12


@rule("FailedInvokeEventCount counts the records of an invocation that failed.", TYPES)
def test_records_of_failed_invocations_are_counted(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(FUNCTION_ERROR)

    with broker.mapping(topic, **FOUR) as mapping:
        metrics = mapping.wait_for(CommittedEventCount=4)

    assert metrics["FailedInvokeEventCount"] == 4


@rule("FailedInvokeEventCount counts an event whose response lists a single failure, too.", TYPES)
def test_records_of_a_partial_response_are_counted(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(partial(topic.identifier(1)))

    with broker.mapping(topic, **FOUR) as mapping:
        metrics = mapping.wait_for(CommittedEventCount=4)

    assert metrics["FailedInvokeEventCount"] == 4


@rule("DroppedEventCount counts the records given up for want of retries.", TYPES)
def test_records_without_retries_left_are_counted_as_dropped(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.fail_on(0)

    with broker.mapping(topic, **FOUR, MaximumRetryAttempts=1) as mapping:
        metrics = mapping.wait_for(CommittedEventCount=4)

    assert metrics["DroppedEventCount"] == 4


@rule("DroppedEventCount counts the records given up for their age.", TYPES)
def test_records_too_old_are_counted_as_dropped(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"old", b"older", timestamp_ms=1_577_836_800_000)

    with broker.mapping(topic, MaximumRecordAgeInSeconds=60) as mapping:
        metrics = mapping.wait_for(CommittedEventCount=2)

    assert metrics["DroppedEventCount"] == 2


@rule("DroppedEventCount leaves out what expired from the topic.", TYPES)
def test_expired_records_are_not_counted_as_dropped(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(2)
    broker.fail_on(0)

    with broker.mapping(topic, BatchSize=1) as mapping:
        wait_until(broker.sent, "an attempt")
        topic.expire(before=1)
        metrics = mapping.wait_for(CommittedEventCount=2)

    assert metrics["DroppedEventCount"] == 0


@rule("OnFailureDestinationDeliveredEventCount counts what a destination got, not dropped.", TYPES)
def test_delivered_records_are_counted_and_not_as_dropped(broker: Broker, aws: str) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.fail_on(0)
    destination = {"OnFailure": {"Destination": Queue(aws).arn}}

    with broker.mapping(
        topic, **FOUR, MaximumRetryAttempts=0, DestinationConfig=destination
    ) as mapping:
        metrics = mapping.wait_for(CommittedEventCount=4)

    assert metrics["OnFailureDestinationDeliveredEventCount"] == 4
    assert metrics["DroppedEventCount"] == 0


@rule(
    "A delivery that fails is counted once, and its records as dropped, not delivered.", ON_FAILURE
)
def test_a_delivery_that_fails_is_counted(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.fail_on(0)
    destination = {"OnFailure": {"Destination": MISSING_QUEUE}}

    with broker.mapping(
        topic, **FOUR, MaximumRetryAttempts=0, DestinationConfig=destination
    ) as mapping:
        metrics = mapping.wait_for(CommittedEventCount=4)

    assert metrics["OnFailureDestinationDeliveredEventCount"] == 0
    assert metrics["DestinationDeliveryFailures"] == 1
    assert metrics["OnFailureDestinationDeliveryErrorCount"] == 1
    assert metrics["DroppedEventCount"] == 4


@rule("CommittedEventCount sums up by how much the committed offsets of partitions rose.", TYPES)
def test_committed_offsets_are_counted(broker: Broker) -> None:
    topic = broker.topic(partitions=3)
    topic.produce(30)

    with broker.mapping(topic) as mapping:
        mapping.wait_for(CommittedEventCount=30)
        topic.produce(3, first=30)
        metrics = mapping.wait_for(CommittedEventCount=33)

    assert metrics["CommittedEventCount"] == topic.committed() == 33


@rule("InvokeErrorCount counts invocations that failed, by batch.", TYPES)
def test_failed_invocations_are_counted_by_batch(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.answer_first(FUNCTION_ERROR, FUNCTION_ERROR, FUNCTION_ERROR)

    with broker.mapping(topic, **FOUR) as mapping:
        metrics = mapping.wait_for(CommittedEventCount=4)

    assert metrics["InvokeErrorCount"] == 3


@rule("PollingErrorCount counts errors while reading.", TYPES)
def test_errors_of_polling_are_counted(broker: Broker) -> None:
    topic = broker.topic()

    with broker.mapping(topic, Topics=[f"not-{topic.name}"]) as mapping:
        wait_until(lambda: mapping.metrics()["PollingErrorCount"] > 0, "an error", 10)


@rule("CommitErrorCount counts errors while committing.", TYPES)
def test_errors_of_committing_are_counted(simulate: type[FakeMapping]) -> None:
    mapping = simulate(0)
    mapping.consumer.produce(record(0, 0))
    mapping.answer(ACCEPTED)

    mapping.consumer.lose_commits(0)
    mapping.run(5)

    assert mapping.reporter.counted()["CommitErrorCount"] == 1


@rule("The counts of errors are nothing while there is no error.", TYPES)
def test_without_errors_none_is_counted(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(10)

    with broker.mapping(topic) as mapping:
        metrics = mapping.wait_for(CommittedEventCount=10)

    assert {name: number for name, number in metrics.items() if "Error" in name and number} == {}


@rule("SumOffsetLag is what all partitions lag behind: latest offset less committed.", TYPES)
def test_the_lag_of_all_partitions_is_told(broker: Broker) -> None:
    topic = broker.topic(partitions=2)
    topic.send(*[b"value"] * 5, partition=0)
    topic.send(*[b"value"] * 2, partition=1)
    broker.endpoint.answer = lambda _: FUNCTION_ERROR

    with broker.mapping(topic) as mapping:
        wait_until(lambda: mapping.lag("SumOffsetLag") == 7, "a lag of 7", 10)
        broker.endpoint.answer = lambda _: Reply()
        wait_until(lambda: mapping.lag("SumOffsetLag") == 0, "no lag", 10)


@rule("MaxOffsetLag is what the partition that is last lags behind.", TYPES)
def test_the_largest_lag_of_a_partition_is_told(broker: Broker) -> None:
    topic = broker.topic(partitions=2)
    topic.send(*[b"value"] * 5, partition=0)
    topic.send(*[b"value"] * 2, partition=1)
    broker.endpoint.answer = lambda _: FUNCTION_ERROR

    with broker.mapping(topic) as mapping:
        wait_until(lambda: mapping.lag("MaxOffsetLag") == 5, "a lag of 5", 10)


@rule("OffsetLag is what was written to the topic and not yet processed.", TYPES)
def test_the_lag_of_the_function_is_told(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(5)
    broker.fail_on(2)

    with broker.mapping(topic, BatchSize=1) as mapping:
        wait_until(lambda: mapping.lag("OffsetLag") == 3, "a lag of 3", 10)


@rule("ProvisionedPollers counts the pollers of provisioned mode, and only there.", TYPES)
def test_provisioned_pollers_are_counted(broker: Broker) -> None:
    topic, on_demand = broker.topic(partitions=2), broker.topic()

    with broker.mapping(
        topic, ProvisionedPollerConfig={"MinimumPollers": 2, "MaximumPollers": 2}
    ) as mapping:
        mapping.wait_for(ProvisionedPollers=2)
    with broker.mapping(
        on_demand, ProvisionedPollerConfig=None, FunctionResponseTypes=None
    ) as mapping:
        metrics = mapping.status()["metrics"]

    assert "ProvisionedPollers" not in metrics


@rule("MetricsConfig asks for EventCount, ErrorCount or KafkaMetrics.", API)
def test_there_are_three_groups_of_metrics(parsed: Callable[..., object]) -> None:
    assert parsed(MetricsConfig={"Metrics": ["EventCount", "ErrorCount", "KafkaMetrics"]})

    with pytest.raises(UserError, match="Metrics"):
        parsed(MetricsConfig={"Metrics": ["Everything"]})


@rule("A mapping that is disabled counts nothing.", TYPES)
def test_a_disabled_mapping_counts_nothing(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(5)

    with broker.mapping(topic, Enabled=False) as mapping:
        metrics = mapping.metrics()

    assert broker.sent() == []
    assert metrics.total() == 0
