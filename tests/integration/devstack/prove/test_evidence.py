"""What PostgreSQL and Kafka hold after records went through the layer, told truly."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from pg8000.native import Connection

from devstack import kafka as broker
from devstack.prove.brokers.kafka import Kafka
from devstack.prove.load.places import Place, Places
from devstack.prove.load.records import Kind, Records
from devstack.prove.result import Defect, Ledger
from devstack.prove.verdict import evidence
from devstack.prove.verdict.reconciliation import reconcile
from orders import record
from orders.database import Database
from orders.ingestion import ingest
from orders.repository import PostgresOrderStore
from tests.servers import KafkaServer, PostgresServer, wait_until

PARTITIONS = 2
GROUP = "those who prove"
RECORDS = Records(seed=3, count=80, bad=0.3, repeats=0.1, conflicts=0.1)

Reconciled = Callable[[], Ledger]


@pytest.fixture
def topic() -> str:
    return f"orders-{uuid4().hex}"


@pytest.fixture
def places(kafka: KafkaServer, topic: str) -> Places:
    """Produce the records, and commit them as if they had been read."""
    broker.ensure_topic(kafka.bootstrap_servers, topic, PARTITIONS)
    places = Places(len(RECORDS))
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
    for one in RECORDS:
        producer.produce(topic, one.value, one.key, on_delivery=receipt(places, one.number))
    assert producer.flush(30) == 0
    commit(kafka, topic, Counter(place.partition for place in places if place))
    return places


@pytest.fixture
def connection(environment: dict[str, str], postgres: PostgresServer) -> Iterator[Connection]:
    name = environment["DB_NAME"]
    with closing(
        Connection(postgres.user, postgres.host, name, postgres.port, password=postgres.password)
    ) as connection:
        yield connection


@pytest.fixture
def reconciled(
    database: Database, connection: Connection, kafka: KafkaServer, topic: str, places: Places
) -> Reconciled:
    """Ingest the records, and give what reconciles them."""
    delivered = [
        record.Record(
            topic,
            place.partition,
            place.offset,
            place.timestamp_ms,
            "CREATE_TIME",
            one.key.encode(),
            one.value,
        )
        for one, place in zip(RECORDS, places, strict=True)
        if place
    ]
    ingest(delivered, PostgresOrderStore(database), seconds_left=lambda: 30.0)

    def reconciled() -> Ledger:
        progress = Kafka(kafka.bootstrap_servers, topic, GROUP).progress()
        with evidence.gathered(connection, topic, progress) as found:
            return reconcile(RECORDS, places, found)

    return reconciled


def receipt(places: Places, number: int) -> Callable[[object, Message], None]:
    def delivered(error: object, message: Message) -> None:
        assert error is None
        partition, offset, (_, timestamp_ms) = (
            message.partition(),
            message.offset(),
            message.timestamp(),
        )
        assert partition is not None
        assert offset is not None
        places.put(number, Place(partition, offset, timestamp_ms))

    return delivered


def commit(kafka: KafkaServer, topic: str, offsets: dict[int, int]) -> None:
    places = [TopicPartition(topic, *one) for one in offsets.items()]
    with closing(
        Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": GROUP})
    ) as consumer:

        def is_committed() -> bool:
            with suppress(KafkaException):  # the group's coordinator may be starting still
                return bool(consumer.commit(offsets=places, asynchronous=False))
            return False

        wait_until(is_committed, "the commit")


def test_what_the_layer_settled_is_found_whole_in_slices(
    reconciled: Reconciled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "SLICE_ROWS", 7)

    ledger = reconciled()

    assert ledger.off == []
    assert ledger.holds
    assert (ledger.produced, ledger.stored, ledger.duplicates) == (80, 40, 8)
    assert (ledger.conflicts, ledger.quarantined) == (8, 24)


ALTERATIONS = {
    """DELETE FROM items WHERE {of}; DELETE FROM payments WHERE {of};
    DELETE FROM deliveries WHERE {of}; DELETE FROM orders WHERE {of}""": (
        Defect.LOST,
        "in the ledger, but nothing came of it",
    ),
    "UPDATE payments SET amount = 1 WHERE {of}": (Defect.CHANGED, "payment.amount is 1, "),
    "DELETE FROM deliveries WHERE {of}": (Defect.CHANGED, "delivery is missing"),
    "DELETE FROM items WHERE {of}": (Defect.CHANGED, "items[0] is missing"),
    "UPDATE items SET position = position + 1 WHERE {of}": (
        Defect.CHANGED,
        "items have the positions [1",
    ),
    "UPDATE orders SET content_digest = 'x' WHERE {of}": (
        Defect.CHANGED,
        "content_digest is not that of what was sent",
    ),
    "UPDATE orders SET date_created = now() WHERE {of}": (
        Defect.CHANGED,
        "the column date_created is another moment",
    ),
    "UPDATE orders SET record_offset = 4711 WHERE {of}": (Defect.MISPLACED, "@4711"),
    "UPDATE orders SET produced_at = NULL WHERE {of}": (
        Defect.MISPLACED,
        "produced_at is None ms",
    ),
    """INSERT INTO quarantined_records (topic, partition, record_offset, produced_at,
        timestamp_type, key, value, headers, code, faults, validator_version)
    SELECT topic, partition, record_offset, produced_at, '', '{key}', '{value}', '[]',
        'not_json', '[]', 0 FROM orders WHERE {of}""": (
        Defect.WRONG_FATE,
        "quarantined as not_json, though nothing is wrong with it, and stored as well",
    ),
}
"""What somebody may do to a good order, and what must be told of it."""


def test_every_row_that_somebody_changed_is_found_and_no_other(
    reconciled: Reconciled, connection: Connection
) -> None:
    good = [one for one in RECORDS if one.kind is Kind.GOOD]
    expected = dict(zip((one.number for one in good), ALTERATIONS.values(), strict=False))
    for one, statement in zip(good, ALTERATIONS, strict=False):
        value = (one.value or b"").decode()
        connection.run(statement.format(of=f"order_uid = '{one.key}'", key=one.key, value=value))

    ledger = reconciled()

    assert {finding.number: finding.defect for finding in ledger.off} == {
        number: defect for number, (defect, _) in expected.items()
    }
    assert all(expected[finding.number or 0][1] in finding.what for finding in ledger.off)


def test_a_ledger_that_somebody_changed_is_found(
    reconciled: Reconciled, connection: Connection
) -> None:
    connection.run("UPDATE ingested_offsets SET offsets = offsets - '{[0,1)}', duplicates = 4711")

    ledger = reconciled()

    told = {finding.what.partition(", but there")[0] for finding in ledger.off}
    assert told == {"offset 0 produced, but not in the ledger", "the ledger counts 4711 duplicates"}
    assert ledger.defects == {Defect.LEDGER: 2 * PARTITIONS}


def test_a_quarantined_value_that_somebody_changed_is_found(
    reconciled: Reconciled, connection: Connection
) -> None:
    connection.run("UPDATE quarantined_records SET value = 'x', key = 'x' WHERE id % 2 = 0")

    assert reconciled().defects == {Defect.CHANGED: 16}


def test_a_group_that_is_not_at_the_end_is_found(
    reconciled: Reconciled, kafka: KafkaServer, topic: str
) -> None:
    commit(kafka, topic, {0: 5})

    ledger = reconciled()

    assert ledger.defects == {Defect.COMMIT: 1}
    assert ledger.off[0].what.startswith("the group has committed offset 5, ")
