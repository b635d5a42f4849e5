"""The brokers of a proof: each is produced to, and asked how far it is read."""

from devstack.producer.bad_records import KINDS, KINDS_WITH_VALUES
from devstack.prove.arena.stack import ProvingStack
from devstack.prove.brokers.broker import Broker, BrokerAwayError
from devstack.prove.brokers.kafka import Kafka
from devstack.prove.brokers.nats import Nats
from devstack.settings import Source

__all__ = ["Broker", "BrokerAwayError", "bad_kinds", "broker_of"]


def broker_of(stack: ProvingStack) -> Broker:
    """Return what a stack's orders come from."""
    addresses = stack.addresses
    if stack.source is Source.NATS:
        return Nats(addresses.nats_url, stack.topic, stack.group)
    return Kafka(addresses.kafka_broker, stack.topic, stack.group)


def bad_kinds(source: Source) -> tuple[str, ...]:
    """Return the kinds of bad records that a source can hold: NATS has no null."""
    return KINDS_WITH_VALUES if source is Source.NATS else tuple(KINDS)
