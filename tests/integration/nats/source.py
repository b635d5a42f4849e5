"""A mapping that reads a stream, as a process of its own, and what the stream's consumer tells."""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from devstack import jetstream
from devstack.waiting import until
from tests.integration.event_source_mapping.mapping_process import MappingProcess
from tests.servers import NatsServer, wait_until
from tests.streams import Stream


class ReadStream(Stream):
    """A stream that a mapping reads through the consumer `group`."""

    servers = "unused:9092"

    def __init__(self, server: NatsServer, *, made: bool = True) -> None:
        super().__init__(server)
        self.group = f"group-{self.name}"
        if made:
            self.make()

    @property
    def place(self) -> Mapping[str, str | None]:
        return {"url": self.url, "stream": self.name, "credentials": None}

    def produce(self, count: int, *, first: int = 0, size: int = 10) -> None:
        """Publish `count` messages that begin with their number."""
        self.publish((b"%d " % n).ljust(size, b"x") for n in range(first, first + count))

    def publish_whatever_happens(self, count: int) -> None:
        """Publish `count` messages, in order; the server keeps one of those that come twice."""
        for first in range(0, count, 100):
            until(partial(self._published, first, min(first + 100, count)), 60)

    def _published(self, first: int, end: int) -> bool:
        async def publish(context: JetStreamContext) -> None:
            for number in range(first, end):
                headers = {"Nats-Msg-Id": str(number)}
                await context.publish(f"{self.name}.{number}", b"%d" % number, headers=headers)

        try:
            self.asked(publish)
        except jetstream.FAULTS:
            return False
        return True

    def has_delivered_again(self) -> bool:
        told = self.consumer()
        return told is not None and bool(told.num_redelivered)

    def consumer(self) -> ConsumerInfo | None:
        """Return what the server says of the consumer; None while there is none."""
        try:
            told: ConsumerInfo = self.asked(
                lambda context: context.consumer_info(self.name, self.group)
            )
        except NotFoundError:
            return None
        return told

    def make_consumer(self, **settings: object) -> None:
        """Make the consumer before the source does; `settings` are nats-py's."""
        own: dict[str, Any] = {"durable_name": self.group, "ack_policy": AckPolicy.EXPLICIT}
        config = ConsumerConfig(**{**own, **settings})
        self.asked(lambda context: context.add_consumer(self.name, config))

    def progress_told_of(self, count: int, times: int) -> bool:
        """Wait until the server heard so often of `count` messages that they are worked on."""

        async def listen(context: JetStreamContext) -> bool:
            heard = 0
            handles = await context._nc.subscribe(f"$JS.ACK.{self.name}.{self.group}.>")  # noqa: SLF001
            while heard < count * times:
                heard += (await handles.next_msg(10)).data == b"+WPI"
            return True

        return self.asked(listen)

    def listen(self, advisory: str) -> Callable[[], list[dict[str, Any]]]:
        """Hear what the server says of the consumer; return what gives it, once there is some."""
        said: list[dict[str, Any]] = []
        hearing, heard = Event(), Event()

        async def listen(context: JetStreamContext) -> None:
            subject = f"{advisory}.{self.name}.{self.group}"
            words = await context._nc.subscribe(subject)  # noqa: SLF001
            await context._nc.flush()  # noqa: SLF001
            hearing.set()
            said.append(json.loads((await words.next_msg(60)).data))
            heard.set()

        Thread(target=lambda: self.asked(listen), daemon=True).start()
        wait_until(hearing.is_set, "a subscription")

        def told() -> list[dict[str, Any]]:
            wait_until(heard.is_set, "an advisory")
            return said

        return told

    def shared_with_another_reader(self, count: int) -> list[int]:
        """Publish `count` messages, and return what came to a reader that keeps it and leaves."""

        async def take(context: JetStreamContext) -> list[int]:
            reader = await context.pull_subscribe_bind(self.group, self.name)
            asking = asyncio.create_task(reader.fetch(5, timeout=10))
            for number in range(count):
                await context.publish(f"{self.name}.shared", b"%d" % number)
            return [one.metadata.sequence.stream for one in await asking]

        return self.asked(take)

    def is_acknowledged(self, count: int) -> bool:
        """Tell whether everything up to the `count`th message is, and nothing is left."""
        told = self.consumer()
        if told is None or told.ack_floor is None:
            return False
        left = (told.num_pending or 0) + (told.num_ack_pending or 0)
        return told.ack_floor.stream_seq >= count and not left

    def wait_until_acknowledged(self, count: int, seconds: float = 30) -> None:
        wait_until(lambda: self.is_acknowledged(count), f"{count} acknowledgements", seconds)

    def forget(self, *sequences: int) -> None:
        """Delete messages."""
        for sequence in sequences:
            self.asked(partial(JetStreamContext.delete_msg, stream_name=self.name, seq=sequence))

    def delete(self) -> None:
        self.asked(lambda context: context.delete_stream(self.name))

    def delete_consumer(self) -> None:
        self.asked(lambda context: context.delete_consumer(self.name, self.group))


def source(
    folder: Path,
    stream: ReadStream,
    endpoint_url: str,
    settings: Mapping[str, object] | None = None,
    **properties: Any,  # noqa: ANN401 - as CloudFormation has them
) -> MappingProcess:
    """Start a mapping of a stream; `properties` are the mapping's, by AWS's names."""
    settings = {"nats": stream.place, **(settings or {})}
    return MappingProcess(folder, stream, endpoint_url, settings=settings, **properties)


class ForeignClient:
    """A client that knows NATS's protocol and nothing of us. Use it in a `with` block."""

    def __init__(self, server: NatsServer) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.server.port), timeout=10)

    def __enter__(self) -> Self:
        self._socket.sendall(b'CONNECT {"verbose":false,"headers":true}\r\n')
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendall(b"PING\r\n")
        while b"PONG" not in self._socket.recv(65536):
            pass
        self._socket.close()

    def publish(self, subject: bytes, value: bytes, headers: bytes = b"") -> None:
        """Publish; `headers` are the whole block."""
        if headers:
            head = b"HPUB %b %d %d\r\n" % (subject, len(headers), len(headers) + len(value))
        else:
            head = b"PUB %b %d\r\n" % (subject, len(value))
        self._socket.sendall(head + headers + value + b"\r\n")
