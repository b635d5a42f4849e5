"""NATS as a proof's broker: a stream and its durable consumer in, how far it was read out."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from nats.aio.client import Client
from nats.js.errors import NotFoundError

from devstack import jetstream
from devstack.prove.brokers import nats_stream
from devstack.prove.brokers.broker import BrokerAwayError, Progress
from devstack.prove.load.places import Places
from devstack.prove.load.producing import Receipts

PARTITION = 0
"""The only one."""
_ANSWER_SECONDS = 5.0
_SEQUENCE, _TIMESTAMP_NS = 5, 7
"""Of a reply subject: https://docs.nats.io/reference/reference-protocols/nats_api_reference"""

_Told = TypeVar("_Told")


@dataclass(frozen=True)
class Nats:
    """One stream, and the durable consumer that reads it."""

    url: str
    stream: str
    durable: str

    first_offset = 1

    @property
    def topic(self) -> str:
        """Return what the records say that they come from."""
        return jetstream.topic_of(self.stream)

    def destination(self, receipts: Receipts) -> AbstractContextManager[nats_stream.NatsStream]:
        """Give the stream to send to."""
        return nats_stream.opened(self.url, self.stream, receipts)

    def progress(self) -> Progress:
        """Return where the stream ends and what was acknowledged without a gap."""
        return self._asked(self._progress)

    def date(self, places: Places) -> None:
        """Note when the server stored each record, as it tells a consumer of its own."""
        dates = self._asked(self._dates)
        for number, place in enumerate(places):
            if place and place.offset in dates:
                places.put(number, place._replace(timestamp_ms=dates[place.offset]))

    def _asked(self, question: Callable[[Client], Awaitable[_Told]]) -> _Told:
        try:
            return asyncio.run(jetstream.ask(self.url, None, question))
        except jetstream.FAULTS as error:
            reason = str(error) or type(error).__name__
            message = f"NATS does not tell of stream {self.stream}: {reason}"
            raise BrokerAwayError(message) from error

    async def _progress(self, client: Client) -> Progress:
        context = client.jetstream(timeout=_ANSWER_SECONDS)
        end = (await context.stream_info(self.stream)).state.last_seq + 1
        return Progress(
            self.first_offset, {PARTITION: end}, {PARTITION: await self._committed(client)}
        )

    async def _committed(self, client: Client) -> int | None:
        try:
            told = await client.jetstream().consumer_info(self.stream, self.durable)
        except NotFoundError:
            return None
        return told.ack_floor.stream_seq + 1 if told.ack_floor else None

    async def _dates(self, client: Client) -> dict[int, int]:
        """Return when each message was stored, in ms, by its sequence."""
        context = client.jetstream(timeout=_ANSWER_SECONDS)
        last = (await context.stream_info(self.stream)).state.last_seq
        told = await context.subscribe(
            ">", stream=self.stream, ordered_consumer=True, headers_only=True
        )
        dates: dict[int, int] = {}
        while last and last not in dates:
            reply = (await told.next_msg(_ANSWER_SECONDS)).reply.split(".")
            dates[int(reply[_SEQUENCE])] = int(reply[_TIMESTAMP_NS]) // 1_000_000
        return dates
