"""An ordered consumer: a sequence of a stream in, the messages from there on, none left out, out.

It lives in the server's memory for as long as it is asked; nothing is acknowledged to it.
https://docs.nats.io/nats-concepts/jetstream/consumers#ordered-consumers
"""

import json
from datetime import UTC, datetime
from typing import Final, NamedTuple

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from devstack import jetstream
from devstack.event_source_mapping.clients.nats import requests
from devstack.event_source_mapping.clients.nats.messages import Message, message
from devstack.event_source_mapping.clients.nats.wire import WholeClient, raw_headers

ANSWER_SECONDS: Final = 5
_MESSAGES_A_PULL: Final = 500
_BYTES_A_PULL: Final = 2 * jetstream.LARGEST_MESSAGE_BYTES
_IDLE_SECONDS: Final = 30
"""How long the server keeps one that nobody asks."""

_LATEST_MILLISECONDS: Final = 2**63 // 1_000_000
"""Where the server's nanoseconds end, in 2262."""

_NO_MESSAGES: Final = "404"


class Pulled(NamedTuple):
    """What one request brought."""

    messages: list[Message]
    is_all: bool
    """No more are there."""


class OrderedConsumer:
    """One of them; `ended` says that what comes next takes another one."""

    def __init__(
        self, client: WholeClient, stream: str, name: str, subscription: Subscription
    ) -> None:
        self.name = name
        self.ended = False
        self._client = client
        self._subject = requests.messages_of(stream, name)
        self._subscription = subscription
        self._delivered = 0

    async def pull(self) -> Pulled:
        """Return the next messages; raises nats-py's errors when not a single one comes."""
        most_bytes = max(_BYTES_A_PULL, 2 * self._client.max_payload)  # any message fits
        asked = {"batch": _MESSAGES_A_PULL, "max_bytes": most_bytes, "no_wait": True}
        inbox = self._subscription.subject
        await self._client.publish(self._subject, json.dumps(asked).encode(), reply=inbox)
        some: list[Message] = []
        while len(some) < _MESSAGES_A_PULL:
            one = await self._subscription.next_msg(ANSWER_SECONDS)
            status = _status(one)
            if status == _NO_MESSAGES:
                return Pulled(some, is_all=True)
            if fault := f"status {status}" if status else self._loss(one):
                self.ended = True  # the server ended it, or what follows is too much for one pull
                if not some:
                    raise nats.errors.Error(fault)
                break
            some.append(message(one.subject, one.reply, raw_headers(one), one.data))
        return Pulled(some, is_all=False)

    def _loss(self, one: Msg) -> str | None:
        self._delivered += 1
        found = one.metadata.sequence.consumer
        return None if found == self._delivered else "a message was lost on its way"


async def since_sequence(client: WholeClient, stream: str, sequence: int) -> OrderedConsumer:
    """Make a consumer that begins at a sequence, or at the first one after it."""
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, pending_msgs_limit=0, pending_bytes_limit=0)
    config = _config(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=sequence)
    info = await client.jetstream().add_consumer(stream, config)
    return OrderedConsumer(client, stream, info.name, subscription)


async def first_since(client: WholeClient, stream: str, timestamp_ms: int) -> int:
    """Return the first sequence that is not older; the next one when all are."""
    context = client.jetstream()
    since = datetime.fromtimestamp(min(timestamp_ms, _LATEST_MILLISECONDS) / 1000, UTC)
    config = _config(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=since)
    info = await context.add_consumer(stream, config)
    await context.delete_consumer(stream, info.name)
    return info.delivered.stream_seq + 1 if info.delivered else 1


def _config(**start: object) -> ConsumerConfig:
    return ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        max_deliver=1,
        mem_storage=True,
        num_replicas=1,
        inactive_threshold=_IDLE_SECONDS,
        **start,  # type: ignore[arg-type] # each is one of its own
    )


def _status(one: Msg) -> str | None:
    return None if one.reply or not one.headers else one.headers.get("Status")
