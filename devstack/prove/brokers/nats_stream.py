"""A NATS stream: records in, each stored by JetStream once, and in their order, out.

One record at a time is on its way, under a message id of its own, until it is acknowledged: what
was stored when its acknowledgement was lost is known by that id when it comes again.
https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive#message-deduplication
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.js.api import Header, PubAck

from devstack import jetstream
from devstack.prove.load.places import NOT_DATED, Place
from devstack.prove.load.producing import Receipts
from devstack.prove.load.records import Record

_CLIENT: Mapping[str, Any] = {
    "allow_reconnect": True,
    "max_reconnect_attempts": -1,
    "reconnect_time_wait": 0.2,
}
_DELIVERY_SECONDS = 110
"""How long a record may be on its way: less than the two minutes in which its id is known."""
_ANSWER_SECONDS = 2.0
_PAUSE_SECONDS = 0.1


@contextmanager
def opened(url: str, stream: str, receipts: Receipts) -> Iterator["NatsStream"]:
    """Give a stream to send to; raises what nats-py does when the server is away."""
    with asyncio.Runner() as runner:
        client = runner.run(jetstream.connect(url, **_CLIENT))
        destination = NatsStream(runner, client, stream, receipts)
        try:
            yield destination
        finally:
            runner.run(destination.close())


class NatsStream:
    """Where records go; its client works only while `send` or `wait` runs."""

    def __init__(
        self, runner: asyncio.Runner, client: Client, stream: str, receipts: Receipts
    ) -> None:
        self._runner = runner
        self._client = client
        self._stream = stream
        self._receipts = receipts
        self._waiting: asyncio.Queue[Record] = asyncio.Queue()
        self._unacknowledged = 0
        self._sending = runner.get_loop().create_task(self._send_all())

    def __len__(self) -> int:
        """Return how many records are on their way."""
        return self._unacknowledged

    def send(self, record: Record, _timestamp_ms: int) -> bool:
        """Take a record, which JetStream will date itself."""
        self._waiting.put_nowait(record)
        self._unacknowledged += 1
        self.wait(0)
        return True

    def wait(self, seconds: float) -> None:
        """Let acknowledgements come in."""
        self._runner.run(asyncio.sleep(seconds))
        if self._sending.done():
            self._sending.result()  # raises what nobody expected

    async def close(self) -> None:
        """Leave the server; what it has not acknowledged is forgotten."""
        self._sending.cancel()
        await asyncio.wait([self._sending])
        await self._client.close()

    async def _send_all(self) -> None:
        while True:
            record = await self._waiting.get()
            await self._send(record)
            self._unacknowledged -= 1

    async def _send(self, record: Record) -> None:
        deadline = time.monotonic() + _DELIVERY_SECONDS
        while True:
            try:
                acknowledged = await self._publish(record)
            except nats.errors.MaxPayloadError as error:
                self._receipts.failed(record.number, str(error))
            except jetstream.FAULTS as error:
                if time.monotonic() < deadline:
                    await asyncio.sleep(_PAUSE_SECONDS)  # it comes again, under the same id
                    continue
                self._receipts.failed(record.number, str(error) or type(error).__name__)
            else:
                self._receipts.delivered(record.number, Place(0, acknowledged.seq, NOT_DATED))
            return

    async def _publish(self, record: Record) -> PubAck:
        return await self._client.jetstream().publish(
            f"{self._stream}.{record.key}",
            record.value or b"",
            timeout=_ANSWER_SECONDS,
            stream=self._stream,
            headers={Header.MSG_ID: str(record.number)},
        )
