"""The delivery: what a mapping gives up in, whether its destination has it out.

It goes on beside the poller, in a thread that a stop of the process does not wait for.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import KafkaException

from devstack.errors import UserError
from devstack.event_source_mapping.clients.background import Background
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.destinations import aws
from devstack.event_source_mapping.destinations.topic import KafkaTopic
from devstack.event_source_mapping.polling.given_up import GivenUp
from devstack.event_source_mapping.polling.ports import Delivery

KAFKA = "kafka://"

_ON_AWS = {"s3": aws.s3, "sns": aws.sns, "sqs": aws.sqs}


def destination_for(
    configuration: MappingConfiguration,
    aws_endpoint_url: str | None,
    kafka_properties: Mapping[str, Any],
) -> "Deliveries | None":
    """Return a mapping's destination, or None; raises `UserError` for one there cannot be.

    `aws_endpoint_url` None is AWS itself; `kafka_properties` are librdkafka's.
    """
    where = configuration.destination
    if not where:
        return None
    if where.startswith(KAFKA):
        topic = KafkaTopic(configuration, where.removeprefix(KAFKA), kafka_properties)
        return Deliveries(topic.deliver, where)
    service = (where.split(":") + [""] * 3)[2]
    if service not in _ON_AWS:
        message = f"{configuration.name}: {where} is no queue, topic, bucket or {KAFKA} address"
        raise UserError(message)
    return Deliveries(_ON_AWS[service](where, configuration, aws_endpoint_url), where)


class Deliveries:
    """One destination and the thread that fills it, in order."""

    def __init__(self, deliver: Callable[[GivenUp], None], where: str) -> None:
        self._deliver = deliver
        self._where = where
        self._delivering = Background(self._attempt, f"deliver to {where}")

    def submit(self, given_up: GivenUp) -> None:
        """Deliver, later."""
        self._delivering.submit(given_up)

    def completed(self) -> Iterator[Delivery]:
        """Yield what has been delivered, or could not be, since the last call, without waiting."""
        return self._delivering.completed()

    def close(self) -> None:
        """Let the thread end when it has delivered what was submitted; do not wait."""
        self._delivering.close()

    def _attempt(self, given_up: GivenUp) -> Delivery:
        return Delivery(given_up, self._fault(given_up))

    def _fault(self, given_up: GivenUp) -> str | None:
        try:
            self._deliver(given_up)
        except KafkaException as error:
            return f"{self._where}: {error.args[0].str()}"
        except (ClientError, BotoCoreError) as error:
            return f"{self._where}: {' '.join(str(error).split())}"
        return None
