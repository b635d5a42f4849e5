"""A Kafka topic: records of any date in, each acknowledged once and in order (KIP-98), out."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined] # they are public
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from devstack import kafka
from devstack.errors import UserError
from devstack.producer.kafka_topic import client_settings
from devstack.prove.load.places import Place
from devstack.prove.load.producing import Receipts
from devstack.prove.load.records import Record

_DELIVERY_SECONDS = 300
"""How long a record may be on its way."""
_ANSWER_SECONDS = 30
_SETTINGS = {
    # A broker that was shut down remembers the last batch of a producer only: of several that were
    # on their way, it would refuse the first ones as out of order when they come again.
    "max.in.flight.requests.per.connection": 1,
    "reconnect.backoff.max.ms": 500,
    "queue.buffering.max.messages": 1_000_000,
}
_AHEAD = "message.timestamp.after.max.ms"
_ANY = str(2**63 - 1)


@contextmanager
def opened(bootstrap_servers: str, topic: str, receipts: Receipts) -> Iterator["KafkaTopic"]:
    """Give a topic to send to; raises `UserError` when it does not take records of any date."""
    _allow_any_time(bootstrap_servers, topic)
    client = Producer({**client_settings(bootstrap_servers, _DELIVERY_SECONDS), **_SETTINGS})
    try:
        yield KafkaTopic(client, topic, receipts)
    finally:
        client.purge()


class KafkaTopic:
    """Where records go; the client itself sends again what was not acknowledged."""

    def __init__(self, client: Producer, topic: str, receipts: Receipts) -> None:
        self._client = client
        self._topic = topic
        self._receipts = receipts

    def __len__(self) -> int:
        """Return how many records are on their way."""
        return len(self._client)

    def send(self, record: Record, timestamp_ms: int) -> bool:
        """Hand a record to the client; False: its buffer is full."""
        try:
            self._client.produce(
                self._topic,
                record.value,
                record.key,
                timestamp=timestamp_ms,
                on_delivery=partial(self._told, record.number, timestamp_ms),
            )
        except BufferError:
            return False
        except KafkaException as error:
            self._receipts.failed(record.number, error.args[0].str())
        self._client.poll(0)
        return True

    def wait(self, seconds: float) -> None:
        """Let acknowledgements come in."""
        self._client.poll(seconds)

    def _told(
        self, number: int, timestamp_ms: int, error: KafkaError | None, message: Message
    ) -> None:
        partition, offset = message.partition(), message.offset()
        if error is not None:
            self._receipts.failed(number, error.str())
        elif partition is not None and offset is not None:
            self._receipts.delivered(number, Place(partition, offset, timestamp_ms))


def _allow_any_time(bootstrap_servers: str, topic: str) -> None:
    """Let the topic take records that are dated more than an hour ahead of the broker's clock.

    https://kafka.apache.org/documentation/#topicconfigs_message.timestamp.after.max.ms
    """
    entry = ConfigEntry(_AHEAD, _ANY, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    client = kafka.admin(bootstrap_servers)  # to be kept until it has answered
    try:
        (changed,) = client.incremental_alter_configs([resource]).values()
        changed.result(timeout=_ANSWER_SECONDS)
    except KafkaException as error:
        message = f"topic {topic} does not take records of any date: {error.args[0].str()}"
        raise UserError(message) from error
