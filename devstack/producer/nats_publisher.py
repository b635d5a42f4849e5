"""Publishing to JetStream: records in, each stored once, and whoever sent it told of it, out.

A record is on its way until the server says that it is stored. A connection that broke, or brings
no such word, is made anew, and all that is on its way is sent again in its order: what was stored
already, the server knows by its message id (for two minutes, unless the stream says otherwise).
https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive#message-deduplication
"""

import asyncio
import json
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, cast

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import Header

from devstack import jetstream
from devstack.event_source_mapping.clients.nats.wire import WholeClient
from devstack.producer.delivery import DELIVERY_SECONDS, Acknowledged
from devstack.producer.mix import Record

SILENCE_SECONDS: Final = 5
_PAUSE_SECONDS: Final = 0.2


@dataclass(frozen=True)
class _Message:
    number: int
    record: Record
    acknowledged: Acknowledged
    sent_at: float
    """The first time, in monotonic seconds."""


class Publisher:
    """One stream of records on its way; nothing of it is to be used after a `failure`."""

    def __init__(self, url: str, stream: str, credentials: str | None) -> None:
        self.failure: str | None = None
        """The first record that was not delivered, and why."""
        self._url = url
        self._stream = stream
        self._credentials = credentials
        self._client: WholeClient | None = None
        self._inbox = ""
        self._run = secrets.token_hex(8)
        self._sent = 0
        self._on_their_way: dict[int, _Message] = {}
        self._heard = asyncio.Event()
        self._heard_at = 0.0
        self._fault = "it does not acknowledge"
        """The latest of those that may pass."""
        self._refused = False

    @property
    def on_their_way(self) -> int:
        """Return how many records are not acknowledged yet."""
        return len(self._on_their_way)

    async def publish(self, record: Record, acknowledged: Acknowledged) -> None:
        """Send a record; `acknowledged` is told of it while somebody listens."""
        now = time.monotonic()
        if not self._on_their_way:
            self._heard_at = now
        self._sent += 1
        message = _Message(self._sent, record, acknowledged, now)
        self._on_their_way[message.number] = message
        if self._client is None:
            await self._begin_anew()
        else:
            await self._publish(self._client, message)

    async def listen(self, seconds: float) -> None:
        """Wait for an acknowledgement, and see that those that are missing will come."""
        self._heard.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), seconds)
        if not self._on_their_way:
            return
        now = time.monotonic()
        oldest = next(iter(self._on_their_way.values()))
        if now - oldest.sent_at > DELIVERY_SECONDS:
            self._fail(oldest.record, self._fault)
        elif self._is_lost(now):
            await self._begin_anew()

    async def leave(self) -> None:
        """Let go of the server."""
        if self._client is not None:
            self._client.abort()
            await self._client.close()

    def _is_lost(self, now: float) -> bool:
        """Tell whether what is on its way has to be sent again."""
        if self._client is None or self._client.is_closed or self._refused:
            return True
        return now - self._heard_at > SILENCE_SECONDS

    async def _begin_anew(self) -> None:
        await self.leave()
        if self._refused:
            await asyncio.sleep(_PAUSE_SECONDS)
        self._refused = False
        try:
            client = await self._connected()
            self._client, self._inbox = client, client.new_inbox()
            await client.subscribe(f"{self._inbox}.*", cb=self._answered)
        except jetstream.FAULTS as error:
            self._fault = f"NATS does not answer ({str(error) or type(error).__name__})"
            await asyncio.sleep(_PAUSE_SECONDS)
            return
        self._heard_at = time.monotonic()
        for message in list(self._on_their_way.values()):  # acknowledgements come in meanwhile
            await self._publish(client, message)

    async def _connected(self) -> WholeClient:
        options = {"disconnected_cb": self._wake, "flush_timeout": SILENCE_SECONDS}
        client = await jetstream.connect(self._url, self._credentials, WholeClient, **options)
        return cast("WholeClient", client)

    async def _wake(self) -> None:
        self._heard.set()

    async def _publish(self, client: Client, message: _Message) -> None:
        try:
            await client.publish(
                f"{self._stream}.{message.record.order_uid}",
                message.record.value or b"",
                reply=f"{self._inbox}.{message.number}",
                headers={Header.MSG_ID: f"{self._run}-{message.number}"},
            )
        except (nats.errors.MaxPayloadError, nats.errors.BadSubjectError) as error:
            self._fail(message.record, str(error))
        except nats.errors.Error as error:  # the connection broke: it is sent again
            self._fault = str(error)

    async def _answered(self, answer: Msg) -> None:
        message = self._on_their_way.get(int(answer.subject.rpartition(".")[2]))
        self._heard_at = time.monotonic()
        self._heard.set()
        if message is None:
            return
        if answer.headers and Header.STATUS in answer.headers:
            self._refused, self._fault = True, "no stream takes it"
            return
        told = json.loads(answer.data)
        if "error" not in told:
            del self._on_their_way[message.number]
            message.acknowledged(message.record)
        elif jetstream.may_pass(told["error"]["code"]):
            self._refused, self._fault = True, told["error"]["description"]
        else:
            self._fail(message.record, told["error"]["description"])

    def _fail(self, record: Record, reason: str) -> None:
        self.failure = self.failure or (
            f"order {record.order_uid} was not delivered to stream {self._stream}: {reason}"
        )
