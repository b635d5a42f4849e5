"""A Kafka topic as destination: what a mapping gave up in, a message for each record out.

The topic is on the source's cluster and has to exist. A message has its record's key.
https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from devstack.event_source_mapping.definition.choices import Headers
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.destinations.invocation_record import InvocationRecords
from devstack.event_source_mapping.polling.given_up import GivenUp

LOOK_UP_SECONDS = 5
DELIVERY_SECONDS = 30

SETTINGS: Mapping[str, Any] = {
    "acks": "all",
    "enable.idempotence": True,
    "delivery.timeout.ms": DELIVERY_SECONDS * 1000,
    "linger.ms": 0,
    "partitioner": "murmur2_random",  # where Kafka's own Java producer puts the same key
    # Room for the largest event; what the topic accepts is for the broker to say.
    "message.max.bytes": 16 * 1024 * 1024,
    "log_level": 0,  # failures come back as delivery errors
    "error_cb": lambda _: None,
}


class KafkaTopic:
    """A topic, and the producer that fills it."""

    def __init__(
        self, configuration: MappingConfiguration, topic: str, kafka_properties: Mapping[str, Any]
    ) -> None:
        self._documents = InvocationRecords(configuration)
        self._with_headers = configuration.choices.dead_letter_headers is Headers.ORIGINAL
        self._topic = topic
        self._producer = Producer(
            {
                **SETTINGS,
                "bootstrap.servers": configuration.bootstrap_servers,
                **kafka_properties,
            }
        )

    def deliver(self, given_up: GivenUp) -> None:
        """Return when every message is acknowledged; raises `KafkaException` when one is not."""
        self._require_topic()
        failures: list[KafkaError] = []
        for record, document in self._documents.for_records(given_up):
            try:
                self._send(json.loads(record.encoded), document, failures)
            except KafkaException as error:
                failures.append(error.args[0])
        self._producer.flush()  # ends: the producer gives up after DELIVERY_SECONDS
        if failures:
            share = f"{len(failures)} of {len(given_up.batch)} records"
            reason = f"{share}: {failures[0].str()}"
            raise KafkaException(KafkaError(failures[0].code(), reason))

    def _send(
        self, original: Mapping[str, Any], document: bytes, failures: list[KafkaError]
    ) -> None:
        self._producer.produce(
            self._topic,
            document,
            _key(original),
            headers=_headers(original) if self._with_headers else None,
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )

    def _require_topic(self) -> None:
        # Asked for all topics, a broker creates none; asked for this one, it might.
        if self._topic not in self._producer.list_topics(timeout=LOOK_UP_SECONDS).topics:
            raise KafkaException(
                KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, f"there is no topic {self._topic}")
            )


def _key(original: Mapping[str, Any]) -> bytes | None:
    return b64decode(original["key"]) if "key" in original else None


def _headers(original: Mapping[str, Any]) -> list[tuple[str, str | bytes | None]]:
    return [
        (name, None if value is None else bytes(byte & 0xFF for byte in value))
        for header in original["headers"]
        for name, value in header.items()
    ]
