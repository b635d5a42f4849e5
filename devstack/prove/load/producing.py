"""Producing: records at a steady rate in, the place of each in the topic out.

Whatever happens to the broker meanwhile, each record is sent once, and in the order of the numbers:
what cannot be sent yet waits in the client; what it gives up is told as `fault`, and ends it.
"""

import time
from collections.abc import Callable
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
from devstack.producer.delivery import client_settings, paced
from devstack.prove.background import Background
from devstack.prove.load.places import Place, Places
from devstack.prove.load.records import Record, Records

DELIVERY_SECONDS = 300
_POLL_SECONDS = 0.1
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


class Producing(Background):
    """The records of one proof on their way; `clock` dates them, in seconds since 1970."""

    def __init__(
        self,
        records: Records,
        *,
        bootstrap_servers: str,
        topic: str,
        rate: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__("producing")
        self.places = Places(len(records))
        self.acknowledged = 0
        self.by_partition: dict[int, int] = {}
        """How many were acknowledged in each."""
        self.next_number = 0
        """The first that was not handed to the client yet."""
        self.fault: str | None = None
        """Why not all will be delivered."""
        self._records = records
        self._bootstrap_servers = bootstrap_servers
        self._topic = topic
        self._rate = rate
        self._clock = clock

    @property
    def done(self) -> bool:
        """Tell whether all is acknowledged, or never will be."""
        return self.ident is not None and not self.is_alive()

    def work(self) -> None:
        """Send everything, and wait until it is acknowledged."""
        _allow_any_time(self._bootstrap_servers, self._topic)
        client = Producer(
            {**client_settings(self._bootstrap_servers, DELIVERY_SECONDS), **_SETTINGS}
        )
        for record in paced(self._records, self._rate, client.poll):
            self._send(record, client)
            if self._ends():
                break
        while len(client) and not self._ends():
            client.poll(_POLL_SECONDS)
        client.purge()

    def _ends(self) -> bool:
        return self.stopping.is_set() or self.fault is not None

    def _send(self, record: Record, client: Producer) -> None:
        self.next_number = record.number + 1  # first: whoever reads it finds no record too early
        while not self._ends():
            try:
                self._hand_over(record, client)
            except BufferError:
                client.poll(_POLL_SECONDS)
            except KafkaException as error:
                self._fail(record.number, error.args[0])
            else:
                client.poll(0)
                return

    def _hand_over(self, record: Record, client: Producer) -> None:
        timestamp_ms = int(self._clock() * 1000)
        client.produce(
            self._topic,
            record.value,
            record.key,
            timestamp=timestamp_ms,
            on_delivery=partial(self._delivered, record.number, timestamp_ms),
        )

    def _delivered(
        self, number: int, timestamp_ms: int, error: KafkaError | None, message: Message
    ) -> None:
        partition, offset = message.partition(), message.offset()
        if error is not None:
            self._fail(number, error)
        elif partition is not None and offset is not None:
            self.places.put(number, Place(partition, offset, timestamp_ms))
            self.by_partition[partition] = self.by_partition.get(partition, 0) + 1
            self.acknowledged += 1

    def _fail(self, number: int, error: KafkaError) -> None:
        self.fault = self.fault or f"record {number} was not delivered: {error.str()}"


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
