from uuid import uuid4

import pytest
from confluent_kafka import Message

from devstack.errors import UserError
from devstack.ports import free_port
from devstack.producer.delivery import produce
from devstack.producer.kafka_topic import kafka_topic
from devstack.producer.mix import records
from tests.servers import KafkaServer


@pytest.fixture
def topic() -> str:
    return f"orders-{uuid4().hex}"


def test_what_was_produced_stands_in_the_topic_once_under_its_orders_id(
    kafka: KafkaServer, topic: str
) -> None:
    mixed = [*records(300, seed=1, bad_rate=0.2)]

    summary = produce(mixed, kafka_topic(kafka.bootstrap_servers, topic, partitions=4))

    found = [*kafka.messages(topic, partitions=4)]
    expected = [(record.order_uid.encode(), record.value) for record in mixed]
    assert sorted(map(_key_and_value, found), key=repr) == sorted(expected, key=repr)
    assert {message.partition() for message in found} == {0, 1, 2, 3}
    assert (summary.produced, summary.valid, sum(summary.bad.values())) == (300, 240, 60)
    assert summary.partitions == 4


def test_a_topic_is_given_more_partitions_and_never_loses_one(
    kafka: KafkaServer, topic: str
) -> None:
    counts = [
        kafka_topic(kafka.bootstrap_servers, topic, partitions=wanted).partitions
        for wanted in (None, 5, 2, None)
    ]

    assert counts == [3, 5, 5, 5]


def test_a_steady_rate_takes_its_time(kafka: KafkaServer, topic: str) -> None:
    destination = kafka_topic(kafka.bootstrap_servers, topic)

    summary = produce(records(11, seed=1), destination, rate=20)

    assert 0.5 <= summary.seconds < 1.5


def test_a_record_over_the_brokers_limit_is_named(kafka: KafkaServer, topic: str) -> None:
    large = [type(record)(record.order_uid, bytes(2**21)) for record in records(1, seed=1)]

    with pytest.raises(UserError, match=f"{large[0].order_uid} was not delivered.*too large"):
        produce(large, kafka_topic(kafka.bootstrap_servers, topic))


def test_no_broker_is_one_clear_error(topic: str) -> None:
    nobody = f"127.0.0.1:{free_port()}"

    with pytest.raises(UserError, match=nobody):
        kafka_topic(nobody, topic)


def _key_and_value(message: Message) -> tuple[bytes | None, bytes | None]:
    return message.key(), message.value()
