"""A NATS stream: records in, each of them in the stream once out."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from nats.aio.client import Client
from nats.js.errors import NotFoundError

from devstack import jetstream
from devstack.errors import UserError
from devstack.producer.bad_records import KINDS_WITH_VALUES
from devstack.producer.delivery import Acknowledged
from devstack.producer.mix import Record
from devstack.producer.nats_publisher import Publisher

ON_THEIR_WAY: Final = 1000
"""Records that may be sent before the first of them is acknowledged."""


class NatsStream:
    """A stream that records are sent to, use it in `nats_stream`; its event loop runs in calls."""

    partitions = 1
    bad_kinds = KINDS_WITH_VALUES

    def __init__(self, runner: asyncio.Runner, publisher: Publisher, stream: str) -> None:
        self.topic = jetstream.topic_of(stream)
        self.title = f"stream {stream}"
        self._runner = runner
        self._publisher = publisher

    def send(self, record: Record, acknowledged: Acknowledged) -> None:
        """Send a record, waiting while too many are on their way."""
        if record.value is None:
            message = f"order {record.order_uid} is a tombstone: NATS has no null"
            raise UserError(message)
        while self._publisher.on_their_way >= ON_THEIR_WAY:
            self.wait(1)
        self._runner.run(self._publisher.publish(record, acknowledged))
        self._check()

    def wait(self, seconds: float) -> None:
        """Let acknowledgements come in for at most `seconds`."""
        self._runner.run(self._publisher.listen(seconds))
        self._check()

    def finish(self) -> None:
        """Wait until every record is acknowledged."""
        while self._publisher.on_their_way:
            self.wait(1)

    def close(self) -> None:
        """Leave the server."""
        self._runner.run(self._publisher.leave())

    def _check(self) -> None:
        if self._publisher.failure:
            raise UserError(self._publisher.failure)


@contextmanager
def nats_stream(url: str, stream: str, credentials: str | None = None) -> Iterator[NatsStream]:
    """Give a stream, which is made unless it is there, for the length of a `with` block.

    Raises `UserError` when the server does not answer, or the stream takes other subjects.
    """
    jetstream.asked(url, credentials, partial(_settle, stream))
    with asyncio.Runner() as runner:
        opened = NatsStream(runner, Publisher(url, stream, credentials), stream)
        try:
            yield opened
        finally:
            opened.close()


async def _settle(stream: str, client: Client) -> None:
    await jetstream.make_stream(client, stream)
    try:
        taker = await client.jetstream().find_stream_name_by_subject(f"{stream}.key")
    except NotFoundError:
        taker = None
    if taker != stream:
        message = (
            f"stream {stream} does not take the subjects {stream}.>, under which records are sent;"
            " add them to its subjects, or name another with NATS_STREAM"
        )
        raise UserError(message)
