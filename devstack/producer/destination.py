"""Where the records of a stack go: settings and its addresses in, a topic or a stream out."""

from collections.abc import Iterator
from contextlib import contextmanager

from devstack.producer.delivery import Destination
from devstack.producer.kafka_topic import kafka_topic
from devstack.producer.nats_stream import nats_stream
from devstack.settings import Addresses, Settings


@contextmanager
def source_of(settings: Settings, addresses: Addresses) -> Iterator[Destination]:
    """Give what a stack reads, for the length of a `with` block.

    Raises `UserError` when its server does not answer.
    """
    if addresses.nats_url:
        named = (settings.nats_stream, settings.nats_credentials)
        with nats_stream(addresses.nats_url, *named) as stream:
            yield stream
    else:
        yield kafka_topic(addresses.kafka_broker, settings.topic)
