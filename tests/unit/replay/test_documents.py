"""A document is a Kafka event, holds one, or is refused with its reason."""

import json
from typing import Any

import pytest

from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    StartingPosition,
)
from devstack.event_source_mapping.destinations.invocation_record import InvocationRecords
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.given_up import RETRY_ATTEMPTS_EXHAUSTED, GivenUp
from devstack.event_source_mapping.polling.records import Batch, ConsumedRecord, Record
from devstack.replay import documents
from devstack.replay.documents import RefusedDocumentError
from tests.unit.orders.made import EVENTS
from tests.unit.replay.dead_letters import EVENT, METADATA, of_s3, of_sqs, of_topic

TWO_TOPICS = json.dumps(
    {"records": {f"{t}-0": [{"topic": t, "partition": 0, "offset": 0}] for t in "ab"}}
).encode()


def places(event: documents.KafkaEvent) -> list[tuple[int, int]]:
    return [(record.partition, record.offset) for record in event.batch]


@pytest.mark.parametrize("path", sorted(EVENTS.glob("kafka_*.json")), ids=lambda path: path.name)
def test_every_sample_event_is_taken_as_it_is(path: Any) -> None:  # noqa: ANN401 - a path
    text = path.read_bytes()

    event = documents.kafka_event(text)

    assert event.text == text
    assert json.loads(event.event_format.event(event.batch.records)) == json.loads(text)


@pytest.mark.parametrize("path", sorted(EVENTS.glob("api_*.json")), ids=lambda path: path.name)
def test_an_event_of_the_api_is_refused(path: Any) -> None:  # noqa: ANN401 - a path
    with pytest.raises(RefusedDocumentError, match="API Gateway"):
        documents.kafka_event(path.read_bytes())


def test_a_dead_letter_of_s3_gives_the_event_it_holds_as_text() -> None:
    event = documents.kafka_event(of_s3())

    assert json.loads(event.text) == EVENT
    assert places(event) == [(3, 5), (3, 6)]
    assert event.event_format.partition_key(3) == "my-orders-3"


def test_a_dead_letter_of_a_topic_gives_its_records_as_they_came() -> None:
    event = documents.unwrapped(of_topic())

    assert event is not None
    assert json.loads(event.event_format.event(event.batch.records)) == EVENT


def test_what_our_own_destinations_write_is_read_back_whole() -> None:
    configuration = MappingConfiguration(
        "M", "F", "orders", "broker:9092", "group", StartingPosition.TRIM_HORIZON
    )
    form = EventFormat.of(configuration)
    consumed = [ConsumedRecord(2, n, 5, "CREATE_TIME", b"k", b"v", ()) for n in (7, 8)]
    made = [Record(2, one.offset, 5, form.encode(one), arrived_at=0) for one in consumed]
    given_up = GivenUp(Batch({2: made}), RETRY_ATTEMPTS_EXHAUSTED)
    written = InvocationRecords(configuration)

    of_bucket = documents.kafka_event(written.for_object(given_up).encode())
    of_topic = [documents.unwrapped(letter) for _, letter in written.for_records(given_up)]

    assert of_bucket.text == form.event({2: made})
    assert [one and one.text for one in of_topic] == [form.event({2: [one]}) for one in made]
    with pytest.raises(RefusedDocumentError, match="--from-offset 7 --to-offset 8"):
        documents.kafka_event(written.for_message(given_up).encode())


def test_a_message_of_a_queue_says_where_its_records_are_to_be_read() -> None:
    with pytest.raises(
        RefusedDocumentError,
        match="replay topic my-orders --partition 3 --from-offset 5 --to-offset 6",
    ):
        documents.kafka_event(of_sqs())


def test_a_message_of_a_queue_names_the_stream_when_that_is_where_its_records_are() -> None:
    letter = of_sqs().replace(b"my-orders", b"nats:my-orders")

    with pytest.raises(
        RefusedDocumentError,
        match="replay stream my-orders --from-sequence 5 --to-sequence 6",
    ):
        documents.kafka_event(letter)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"{}",
        b'{"order_uid": "KafkaBatchInfo"}',
        b'{"KafkaBatchInfo" broken',
        b'{"about": {"KafkaBatchInfo": {}}}',
        b'{"KafkaBatchInfo": {}, "payload": {"records": {}}}',
        json.dumps(METADATA).encode(),
    ],
)
def test_a_message_that_is_no_dead_letter_stays_what_it_is(value: bytes | None) -> None:
    assert documents.unwrapped(value) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1]", "no JSON object"),
        (b"{}", "no `records`"),
        (b'{"Records": []}', "no `records`"),
        (b'{"records": {}}', "without records"),
        (b'{"records": {"orders-0": [{"topic": "orders", "partition": 0}]}}', "lacks its topic"),
        (b'{"records": {"orders-0": ["text"]}}', "lacks its topic"),
        (TWO_TOPICS, "2 topics"),
    ],
)
def test_what_is_no_kafka_event_is_refused_with_its_reason(text: bytes, reason: str) -> None:
    with pytest.raises(RefusedDocumentError, match=reason):
        documents.kafka_event(text)
