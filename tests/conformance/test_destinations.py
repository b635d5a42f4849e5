"""On-failure destinations: what a mapping gives up, and where it goes."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from devstack.account import ACCOUNT, REGION
from devstack.errors import UserError
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from tests.conformance.broker import Broker
from tests.conformance.rules import rule
from tests.conformance.topic import Topic
from tests.integration.event_source_mapping.local_aws import Bucket, Queue

ON_FAILURE = "lambda/latest/dg/kafka-on-failure.html"
KAFKA = "lambda/latest/dg/kafka-on-failure-destination.html"
RETRIES = "lambda/latest/dg/kafka-retry-configurations.html"
SCALING = "lambda/latest/dg/kafka-scaling-modes.html"
METRICS = "lambda/latest/dg/monitoring-metrics-types.html"
API = "lambda/latest/api/API_OnFailure.html"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:failures"
TWO: dict[str, Any] = {
    "BatchSize": 2,
    "MaximumBatchingWindowInSeconds": 300,
    "MaximumRetryAttempts": 1,
}


def to(destination: str) -> dict[str, Any]:
    return {"OnFailure": {"Destination": destination}}


def given_up_by(broker: Broker, destination: str, **properties: object) -> Topic:
    """Have a batch of two records fail for good, and return their topic."""
    topic = broker.topic()
    topic.send(b"first", b"second", key=b"key")
    broker.fail_on(0)
    broker.ingest(topic, **{**TWO, **properties}, DestinationConfig=to(destination))
    return topic


@rule("A queue is told of a batch: the request, the response, the records; no payload.", ON_FAILURE)
def test_a_queue_is_told_of_a_batch(broker: Broker, aws: str) -> None:
    queue = Queue(aws)

    topic = given_up_by(broker, queue.arn)

    document = queue.receive()
    assert document.keys() == {
        *("requestContext", "responseContext", "version", "timestamp", "KafkaBatchInfo")
    }
    assert document["version"] == "1.0"
    assert document["KafkaBatchInfo"]["bootstrapServers"] == topic.servers


@rule(
    "The request names its id, the function's ARN, a condition and the count of calls.", ON_FAILURE
)
def test_the_request_context_is_told(broker: Broker, aws: str) -> None:
    queue = Queue(aws)

    given_up_by(broker, queue.arn)

    request = queue.receive()["requestContext"]
    assert request["requestId"]
    assert request["functionArn"].endswith(":function:IngestOrdersFunction")
    assert request["approximateInvokeCount"] == 2


@rule("A batch that failed has the condition RetryAttemptsExhausted.", ON_FAILURE)
def test_exhausted_retries_are_the_condition(broker: Broker, aws: str) -> None:
    queue = Queue(aws)

    given_up_by(broker, queue.arn)

    assert queue.receive()["requestContext"]["condition"] == "RetryAttemptsExhausted"


@rule("The response names its status, the function's version and the kind of error.", ON_FAILURE)
def test_the_response_context_is_told(broker: Broker, aws: str) -> None:
    queue = Queue(aws)

    given_up_by(broker, queue.arn)

    assert queue.receive()["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }


@rule("The records are told by their number and size.", ON_FAILURE)
def test_size_and_bytes_of_the_batch_are_told(broker: Broker, aws: str) -> None:
    queue = Queue(aws)

    given_up_by(broker, queue.arn)

    info = queue.receive()["KafkaBatchInfo"]
    assert info["batchSize"] == 2
    assert info["payloadSize"] == len(broker.endpoint.invocations[0].body)


@rule("For each partition, first and last offset (as text) and timestamp are told.", ON_FAILURE)
def test_first_and_last_record_of_a_partition_are_told(broker: Broker, aws: str) -> None:
    queue = Queue(aws)
    topic = broker.topic()
    for timestamp_ms in (1_767_225_600_000, 1_767_225_601_500):
        topic.send(b"value", timestamp_ms=timestamp_ms)
    broker.fail_on(0)

    broker.ingest(topic, **TWO, DestinationConfig=to(queue.arn))

    assert queue.receive()["KafkaBatchInfo"]["recordsInfo"] == {
        f"{topic.name}-0": {
            "firstRecordOffset": "0",
            "lastRecordOffset": "1",
            "firstRecordTimestamp": "2026-01-01T00:00:00.000Z",
            "lastRecordTimestamp": "2026-01-01T00:00:01.500Z",
        }
    }


@rule("For an MSK cluster, its ARN is told.", ON_FAILURE)
def test_the_arn_of_the_cluster_is_told(broker: Broker, aws: str) -> None:
    queue = Queue(aws)
    arn = "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/0-1"
    topic = broker.topic()
    topic.send(b"first", b"second")
    broker.fail_on(0)

    broker.ingest(
        topic,
        **TWO,
        EventSourceArn=arn,
        SelfManagedEventSource=None,
        SelfManagedKafkaEventSourceConfig=None,
        AmazonManagedKafkaEventSourceConfig={"ConsumerGroupId": topic.group},
        DestinationConfig=to(queue.arn),
    )

    assert queue.receive()["KafkaBatchInfo"]["eventSourceArn"] == arn


@rule("An SNS topic is told the same as a queue.", ON_FAILURE)
def test_a_topic_of_sns_is_told_the_same(broker: Broker, aws: str) -> None:
    queue = Queue(aws)
    queue.subscribe()

    given_up_by(broker, queue.topic_arn)

    document = queue.receive()
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert document["KafkaBatchInfo"]["batchSize"] == 2
    assert "payload" not in document


@rule("A bucket is told the same, and the whole event as text under payload.", ON_FAILURE)
def test_a_bucket_is_told_the_event_too(broker: Broker, aws: str) -> None:
    bucket = Bucket(aws)

    given_up_by(broker, bucket.arn)

    (key,) = bucket.keys()
    document = bucket.read(key)
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert json.loads(document["payload"]) == broker.endpoint.invocations[0].event


@rule("A Kafka topic gets each record's event as JSON under payload.", KAFKA)
def test_a_kafka_topic_gets_the_event_of_a_record(broker: Broker) -> None:
    dead_letters = broker.topic()

    topic = given_up_by(broker, f"kafka://{dead_letters.name}")

    first, _ = dead_letters.messages(2)
    assert first.document["payload"]["eventSource"] == "SelfManagedKafka"
    assert first.document["payload"]["bootstrapServers"] == topic.servers
    (record,) = first.document["payload"]["records"][f"{topic.name}-0"]
    assert base64.b64decode(record["value"]) == b"first"


@rule("A Kafka topic is told a batch of one, and offset (as text) and timestamp of it.", KAFKA)
def test_a_kafka_topic_is_told_of_one_record(broker: Broker) -> None:
    dead_letters = broker.topic()

    given_up_by(broker, f"kafka://{dead_letters.name}")

    infos = [message.document["KafkaBatchInfo"] for message in dead_letters.messages(2)]
    assert [info["batchSize"] for info in infos] == [1, 1]
    assert [info["recordInfo"]["offset"] for info in infos] == ["0", "1"]
    assert [info["recordInfo"].keys() for info in infos] == [{"offset", "timestamp"}] * 2


@rule("A Kafka topic is told the condition RetriesExhausted.", KAFKA)
def test_a_kafka_topic_is_told_its_own_condition(broker: Broker) -> None:
    dead_letters = broker.topic()

    given_up_by(broker, f"kafka://{dead_letters.name}")

    first, _ = dead_letters.messages(2)
    assert first.document["requestContext"]["condition"] == "RetriesExhausted"


@rule("A message of a Kafka topic has the key of its record, or none if that had none.", KAFKA)
def test_a_message_has_the_key_of_its_record(broker: Broker) -> None:
    topic, dead_letters = broker.topic(), broker.topic()
    topic.send(b"value", key=b"\xffkey")
    topic.send(b"value", key=None)
    broker.fail_on(0)

    broker.ingest(topic, **TWO, DestinationConfig=to(f"kafka://{dead_letters.name}"))

    assert [message.key for message in dead_letters.messages(2)] == [b"\xffkey", None]


@rule("A Kafka topic has to exist: what is for one that does not is dropped.", KAFKA)
def test_a_kafka_topic_is_not_created(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"first", b"second")
    broker.fail_on(0)
    destination = to(f"kafka://nowhere-{topic.name}")

    with broker.mapping(topic, **TWO, DestinationConfig=destination) as mapping:
        mapping.wait_for(DroppedEventCount=2, CommittedEventCount=2)

    assert f"nowhere-{topic.name}" not in topic.admin.list_topics(timeout=5).topics


@rule("A destination that is a Kafka topic is another one than the source's.", KAFKA)
def test_the_source_is_no_destination(parsed: Callable[..., object]) -> None:
    assert parsed(DestinationConfig=to("kafka://dead-letters"))

    with pytest.raises(UserError, match="DestinationConfig"):
        parsed(DestinationConfig=to("kafka://orders"))


@rule("A Kafka topic as destination needs provisioned pollers.", SCALING)
def test_a_kafka_topic_needs_provisioned_pollers(parsed: Callable[..., object]) -> None:
    with pytest.raises(UserError, match="ProvisionedPollerConfig"):
        parsed(
            ProvisionedPollerConfig=None,
            FunctionResponseTypes=None,
            DestinationConfig=to("kafka://dead-letters"),
        )


@rule("A destination is a queue, an SNS topic, a bucket or kafka:// and a topic's name.", API)
def test_there_are_four_kinds_of_destinations(parsed: Callable[..., MappingConfiguration]) -> None:
    for allowed in (
        QUEUE,
        f"arn:aws:sns:{REGION}:{ACCOUNT}:failures",
        "arn:aws:s3:::failures",
        "kafka://dead-letters_1.2",
    ):
        assert parsed(DestinationConfig=to(allowed)).destination == allowed

    for refused in (
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
        "kafka://.hidden",
        "kafka://two words",
        f"kafka://{'t' * 250}",
        "https://example.com",
    ):
        with pytest.raises(UserError, match="DestinationConfig"):
            parsed(DestinationConfig=to(refused))


@rule("An empty destination is none.", API)
def test_an_empty_destination_is_none(parsed: Callable[..., MappingConfiguration]) -> None:
    assert parsed(DestinationConfig=to("")).destination is None


@rule("There is no destination for success.", ON_FAILURE)
def test_there_is_no_destination_for_success(parsed: Callable[..., object]) -> None:
    with pytest.raises(UserError, match="OnSuccess"):
        parsed(DestinationConfig={"OnSuccess": {"Destination": QUEUE}})


@rule("A record too large for an event goes to the destination, with no response.", ON_FAILURE)
def test_a_record_too_large_goes_to_the_destination(broker: Broker, aws: str) -> None:
    queue, topic = Queue(aws), broker.topic()
    topic.send(bytes(5_000_000))  # 6.7 MB in base64
    topic.send(b"small")

    broker.ingest(topic, DestinationConfig=to(queue.arn))

    document = queue.receive()
    assert broker.sent() == [[1]]
    assert document["requestContext"]["condition"] == "MaximumPayloadSizeExceeded"
    assert document["responseContext"] is None


@rule("When the destination has what failed, the partition goes on.", RETRIES)
def test_a_partition_goes_on_after_a_delivery(broker: Broker, aws: str) -> None:
    queue, topic = Queue(aws), broker.topic()
    topic.produce(3)
    broker.fail_on(1)

    broker.ingest(topic, BatchSize=1, MaximumRetryAttempts=0, DestinationConfig=to(queue.arn))

    assert broker.sent() == [[0], [1], [2]]
    assert queue.receive()["KafkaBatchInfo"]["batchSize"] == 1


@rule("What the destination does not take is dropped, and the partition goes on.", METRICS)
def test_what_cannot_be_delivered_is_dropped(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(3)
    broker.fail_on(1)

    broker.ingest(topic, BatchSize=1, MaximumRetryAttempts=0, DestinationConfig=to(f"{QUEUE}-not"))

    assert broker.sent() == [[0], [1], [2]]
    assert topic.committed() == 3
