"""A stream of NATS for one test: messages that a foreign client publishes in, what it holds out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar
from uuid import uuid4

from nats.js.api import RawStreamMsg, StreamConfig, StreamInfo
from nats.js.client import JetStreamContext

from devstack import jetstream
from tests.servers import NatsServer

Told = TypeVar("Told")


class Stream:
    """A stream of one server, or the name of one that is not there yet."""

    def __init__(self, server: NatsServer) -> None:
        self.name = f"orders-{uuid4().hex}"
        self.server = server

    @property
    def url(self) -> str:
        return self.server.url

    def asked(self, question: Callable[[JetStreamContext], Awaitable[Told]]) -> Told:
        """Ask its server."""

        async def ask() -> Told:
            client = await jetstream.connect(self.url)
            try:
                return await question(client.jetstream())
            finally:
                await client.close()

        return asyncio.run(ask())

    def make(self, **settings: object) -> None:
        """Make it, as devstack would unless `settings` say otherwise."""
        subjects = jetstream.subjects_of(self.name)
        config = StreamConfig(**{"name": self.name, "subjects": subjects, **settings})  # type: ignore[arg-type]
        self.asked(lambda context: context.add_stream(config))

    def publish(self, values: Iterable[bytes]) -> None:
        """Store each value under a key that is its number."""

        async def publish(context: JetStreamContext) -> None:
            for number, value in enumerate(values):
                await context.publish(f"{self.name}.{number}", value)

        self.asked(publish)

    def info(self) -> StreamInfo:
        return self.asked(lambda context: context.stream_info(self.name))

    def held(self) -> list[RawStreamMsg]:
        """Return its messages, of which none was deleted."""

        async def read(context: JetStreamContext) -> list[RawStreamMsg]:
            last = (await context.stream_info(self.name)).state.last_seq
            return [await context.get_msg(self.name, number) for number in range(1, last + 1)]

        return self.asked(read)
