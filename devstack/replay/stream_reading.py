"""Reading a stream: sequences of JetStream in, the messages between them out, whatever is missing.

No other consumer of the stream notices. Where the server goes away or an ordered consumer ends,
another goes on after the last message.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, cast

from nats.js.api import StreamState
from nats.js.errors import APIError, NotFoundError

from devstack import jetstream
from devstack.errors import UserError
from devstack.event_source_mapping.clients.nats.messages import Message
from devstack.event_source_mapping.clients.nats.wire import WholeClient
from devstack.replay import ordered_consumer
from devstack.replay.ordered_consumer import OrderedConsumer, Pulled
from devstack.replay.reading import PATIENCE_SECONDS

_PAUSE_SECONDS: Final = 0.2


class Reader:
    """One stream, read for one purpose; use it in `opened`."""

    def __init__(
        self, runner: asyncio.Runner, url: str, stream: str, credentials: str | None
    ) -> None:
        self._runner = runner
        self._url = url
        self._stream = stream
        self._credentials = credentials
        self._client: WholeClient | None = None
        self._consumer: OrderedConsumer | None = None

    def held(self) -> tuple[int, int]:
        """Return first and next sequence; `UserError` for an unknown stream."""
        state = self._runner.run(self._state())
        return (state.first_seq, state.last_seq + 1) if state.messages else (0, 0)

    def first_since(self, timestamp_ms: int) -> int:
        """Return the first sequence that is not older; the next one when all are."""
        return self._runner.run(self._first_since(timestamp_ms))

    def messages(self, begin: int, end: int) -> Iterator[Message]:
        """Yield what stands between two sequences.

        Raises nats-py's errors when the server falls silent.
        """
        heard = time.monotonic()
        while begin < end:
            try:
                some, is_all = self._runner.run(self._pulled(begin))
            except jetstream.FAULTS as error:
                if _lasts(error) or time.monotonic() - heard > PATIENCE_SECONDS:
                    raise
                self._runner.run(self._lose())
                continue
            for one in some:
                if one.sequence >= end:
                    return
                begin = one.sequence + 1
                yield one
            if is_all:
                return
            # It stood still while an event was sent: that was no silence.
            heard = time.monotonic()

    def close(self) -> None:
        """Leave the server."""
        self._runner.run(self._leave())

    async def _connected(self) -> WholeClient:
        if self._client is None:
            client = await jetstream.connect(self._url, self._credentials, WholeClient)
            self._client = cast("WholeClient", client)
        return self._client

    async def _state(self) -> StreamState:
        context = (await self._connected()).jetstream()
        try:
            return (await context.stream_info(self._stream)).state
        except NotFoundError as error:
            names = sorted([one.config.name or "" for one in await context.streams_info()])
            message = (
                f"{jetstream.addresses(self._url)} has no stream {self._stream};"
                f" it has {', '.join(names) or 'none'}"
            )
            raise UserError(message) from error

    async def _first_since(self, timestamp_ms: int) -> int:
        client = await self._connected()
        return await ordered_consumer.first_since(client, self._stream, timestamp_ms)

    async def _pulled(self, begin: int) -> Pulled:
        client, consumer = await self._connected(), self._consumer
        if consumer is None or consumer.ended:
            consumer = await ordered_consumer.since_sequence(client, self._stream, begin)
            self._consumer = consumer
        return await consumer.pull()

    async def _lose(self) -> None:
        """Let go of a server that does not answer; another look may find it back."""
        if self._client is not None:
            self._client.abort()
            await self._client.close()
        self._client = self._consumer = None
        await asyncio.sleep(_PAUSE_SECONDS)

    async def _leave(self) -> None:
        if self._client is None:
            return
        with suppress(*jetstream.FAULTS):
            if self._consumer is not None:
                context = self._client.jetstream(timeout=1)
                await context.delete_consumer(self._stream, self._consumer.name)
        self._client.abort()
        await self._client.close()


@contextmanager
def opened(url: str, stream: str, credentials: str | None) -> Iterator[Reader]:
    """Give a reader for the length of a `with` block; trouble of the server is a `UserError`."""
    with asyncio.Runner() as runner:
        reader = Reader(runner, url, stream, credentials)
        try:
            yield reader
        except jetstream.FAULTS as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            message = (
                f"NATS at {jetstream.addresses(url)} does not give stream {stream}: {reason};"
                " is it running, and --server right? (the same command goes on when it is back)"
            )
            raise UserError(message) from error
        finally:
            reader.close()


def _lasts(error: Exception) -> bool:
    """Tell whether the server refuses what it would refuse again."""
    return isinstance(error, APIError) and not jetstream.may_pass(error.code or 0)
