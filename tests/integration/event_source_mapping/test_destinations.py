import base64
import json
import re
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Message

from devstack.account import ACCOUNT, REGION
from devstack.errors import UserError
from devstack.event_source_mapping.definition.choices import Choices, Headers
from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    StartingPosition,
)
from devstack.event_source_mapping.destinations.delivery import Deliveries, destination_for
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.given_up import RETRY_ATTEMPTS_EXHAUSTED, GivenUp
from devstack.event_source_mapping.polling.outcome import Answer
from devstack.event_source_mapping.polling.ports import Delivery, Destination
from devstack.event_source_mapping.polling.records import (
    Batch,
    ConsumedRecord,
    Record,
    Tries,
    by_partition,
)
from devstack.ports import free_port
from tests.integration.event_source_mapping.local_aws import Bucket, Queue, local_aws
from tests.integration.event_source_mapping.mapping_process import Topic
from tests.servers import KafkaServer, wait_until

UUID = "3f0c8d5e-0b5a-4c5e-9a44-0d1d5d9d2a11"
FAILED = Answer(b'{"errorMessage": "no"}', "Unhandled", "c2a6f2ae")
RECORDS = (
    ConsumedRecord(0, 5, 1735689600000, "CREATE_TIME", b"k\xff", b"first", [("é", b"\xc3\xab")]),
    ConsumedRecord(1, 9, 1735689600001, "CREATE_TIME", None, None, ()),
)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Give the address of a local AWS."""
    with local_aws() as endpoint_url:
        yield endpoint_url


def configuration(
    destination: str | None, servers: str = "127.0.0.1:1", choices: Choices | None = None
) -> MappingConfiguration:
    return MappingConfiguration(
        name="OrdersTopicMapping",
        function_name="IngestOrdersFunction",
        topic="orders",
        bootstrap_servers=servers,
        consumer_group="group",
        starting_position=StartingPosition.TRIM_HORIZON,
        uuid=UUID,
        destination=destination,
        choices=choices or Choices(),
    )


def given_up(*records: ConsumedRecord) -> GivenUp:
    encode, tries = EventFormat.of(configuration(None)).encode, Tries(4, 4, 4, FAILED)
    held = [Record(r.partition, r.offset, r.timestamp_ms, encode(r), 0.0, tries) for r in records]
    return GivenUp(Batch(by_partition(held)), RETRY_ATTEMPTS_EXHAUSTED)


def deliver(
    where: MappingConfiguration, aws: str | None = None, failed: GivenUp | None = None
) -> Delivery:
    """Give records up to a destination and wait for what it says."""
    destination = destination_for(where, aws, {})
    assert destination is not None
    destination.submit(failed or given_up(*RECORDS))
    return last_delivery(destination)


def last_delivery(destination: Destination) -> Delivery:
    found: list[Delivery] = []

    def delivered() -> bool:
        found.extend(destination.completed())
        return bool(found)

    wait_until(delivered, "a delivery")
    return found[0]


def values(event: Any) -> list[bytes | None]:  # noqa: ANN401 - JSON
    records = [record for some in event["records"].values() for record in some]
    return [base64.b64decode(r["value"]) if "value" in r else None for r in records]


def test_a_queue_receives_the_record_without_the_payload(aws: str) -> None:
    queue = Queue(aws)
    failed = given_up(*RECORDS)

    delivery = deliver(configuration(queue.arn), aws, failed)

    assert delivery == Delivery(failed, None)
    document = queue.receive()
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert document["KafkaBatchInfo"]["recordsInfo"].keys() == {"orders-0", "orders-1"}
    assert "payload" not in document


def test_a_topic_of_aws_publishes_the_record_without_the_payload(aws: str) -> None:
    queue = Queue(aws)
    queue.subscribe()

    delivery = deliver(configuration(queue.topic_arn), aws)

    assert delivery.fault is None
    document = queue.receive()
    assert document["requestContext"]["requestId"] == "c2a6f2ae"
    assert document["KafkaBatchInfo"]["batchSize"] == 2
    assert "payload" not in document


def test_a_bucket_keeps_the_record_with_the_event_as_a_string(aws: str) -> None:
    bucket = Bucket(aws)
    day = rf"{time.gmtime().tm_year}/\d\d/\d\d"

    delivery = deliver(configuration(bucket.arn), aws)

    assert delivery.fault is None
    (key,) = bucket.keys()
    assert re.fullmatch(
        rf"aws/lambda/{UUID}/orders/{day}/\d{{4}}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{{36}}", key
    )
    document = bucket.read(key)
    assert values(json.loads(document["payload"])) == [b"first", None]
    assert document["KafkaBatchInfo"]["payloadSize"] == len(document["payload"])


class Received(NamedTuple):
    key: bytes | None
    headers: Any
    document: Any


def received(topic: Topic, count: int) -> list[Received]:
    """Read a topic from its beginning."""
    consumer = Consumer(
        {
            "bootstrap.servers": topic.servers,
            "group.id": f"reader-{uuid4()}",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic.name])
    found: list[Message] = []

    def complete() -> bool:
        found.extend(consumer.consume(10, 0.5))
        return len(found) >= count

    wait_until(complete, "messages")
    consumer.close()
    return [Received(m.key(), m.headers(), json.loads(m.value() or b"")) for m in found]


def test_a_kafka_topic_receives_each_record_under_its_key(kafka: KafkaServer) -> None:
    dead_letters = Topic(kafka, partitions=1)

    delivery = deliver(configuration(f"kafka://{dead_letters.name}", kafka.bootstrap_servers))

    assert delivery.fault is None
    first, tombstone = received(dead_letters, 2)
    assert (first.key, first.headers) == (b"k\xff", None)
    assert first.document["requestContext"]["condition"] == "RetriesExhausted"
    assert first.document["KafkaBatchInfo"]["recordInfo"]["offset"] == "5"
    assert values(first.document["payload"]) == [b"first"]
    assert tombstone.key is None
    assert values(tombstone.document["payload"]) == [None]


def test_a_record_takes_its_headers_into_a_kafka_topic_when_that_is_chosen(
    kafka: KafkaServer,
) -> None:
    dead_letters = Topic(kafka, partitions=1)
    choices = Choices(dead_letter_headers=Headers.ORIGINAL)

    deliver(configuration(f"kafka://{dead_letters.name}", kafka.bootstrap_servers, choices))

    first, tombstone = received(dead_letters, 2)
    assert first.headers == [("é", b"\xc3\xab")]
    assert tombstone.headers is None


def test_what_a_kafka_topic_does_not_take_is_a_fault_that_counts_it(kafka: KafkaServer) -> None:
    dead_letters = Topic(kafka, partitions=1)
    large = RECORDS[0]._replace(partition=2, value=bytes(1_048_576))

    delivery = deliver(
        configuration(f"kafka://{dead_letters.name}", kafka.bootstrap_servers),
        failed=given_up(large, *RECORDS),
    )

    assert delivery.fault is not None
    assert f"kafka://{dead_letters.name}: 1 of 3 records" in delivery.fault
    assert len(received(dead_letters, 2)) == 2


@pytest.mark.parametrize(
    ("destination", "reason"),
    [
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:nowhere", "NonExistentQueue"),
        (f"arn:aws:sns:{REGION}:{ACCOUNT}:nowhere", "NotFound"),
        ("arn:aws:s3:::nowhere", "NoSuchBucket"),
    ],
)
def test_a_destination_that_is_not_there_is_a_fault_of_one_line(
    aws: str, destination: str, reason: str
) -> None:
    delivery = deliver(configuration(destination), aws)

    assert delivery.fault is not None
    assert delivery.fault.startswith(f"{destination}: ")
    assert reason in delivery.fault
    assert "\n" not in delivery.fault


def test_a_kafka_topic_that_is_not_there_is_a_fault_at_once(kafka: KafkaServer) -> None:
    began = time.monotonic()

    delivery = deliver(configuration("kafka://nowhere", kafka.bootstrap_servers))

    assert delivery.fault == "kafka://nowhere: there is no topic nowhere"
    assert time.monotonic() - began < 5


def test_an_endpoint_that_is_away_is_a_fault_and_the_next_delivery_is_made(aws: str) -> None:
    queue = Queue(aws)
    away = f"http://127.0.0.1:{free_port()}"

    assert "Could not connect" in (deliver(configuration(queue.arn), away).fault or "")

    assert deliver(configuration(queue.arn), aws).fault is None


def test_a_cluster_that_is_away_is_a_fault() -> None:
    away = f"127.0.0.1:{free_port()}"

    delivery = deliver(configuration("kafka://dead-letters", away))

    assert delivery.fault is not None
    assert delivery.fault.startswith("kafka://dead-letters: ")


def test_a_mapping_without_a_destination_has_none() -> None:
    assert destination_for(configuration(None), None, {}) is None


def test_what_is_no_destination_is_told_in_one_line() -> None:
    with pytest.raises(UserError, match="OrdersTopicMapping: arn:aws:events:x is no queue"):
        destination_for(configuration("arn:aws:events:x"), None, {})


def test_what_a_delivery_did_not_expect_is_raised_where_it_is_collected() -> None:
    def fail(_: GivenUp) -> None:
        raise KeyError(RETRY_ATTEMPTS_EXHAUSTED)

    deliveries = Deliveries(fail, "nowhere")

    deliveries.submit(given_up(*RECORDS))

    with pytest.raises(KeyError, match=RETRY_ATTEMPTS_EXHAUSTED):
        last_delivery(deliveries)
