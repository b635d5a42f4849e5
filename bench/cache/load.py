"""Load: paths and a rate in, one answer to each out, timed from when its turn was.

The loop is open: a request is sent at its time, whether or not those before it are answered, so
that what waits behind a slow answer is seen to wait. One event loop, a connection for each
request that is under way.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import httptools

TIME_OUT_SECONDS = 10.0
"""More than everything between takes together."""


@dataclass(slots=True)
class Answer:
    """What came back; the names of headers are in lower case."""

    status: int = 0
    """0: no answer at all."""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer."""

    path: str
    seconds: float
    """From its time to its answer."""
    answer: Answer


class Load:
    """Requests to one server."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._address = address.hostname or "", address.port or 80
        self._idle: list[_Connection] = []

    async def run(
        self, paths: Iterator[str], rate: float, seconds: float, take: Callable[[Exchange], None]
    ) -> None:
        """Ask for so long, and wait for the last answers; give each exchange as it ends."""
        began = time.perf_counter()
        async with asyncio.TaskGroup() as asking:
            for number in range(int(rate * seconds)):
                due = began + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                asking.create_task(self._exchange(next(paths), due, take))

    async def ask(self, path: str) -> Answer:
        """Ask once; the answer's status is 0 when none comes."""
        try:
            connection = self._idle.pop() if self._idle else await self._connect()
            answer = await connection.ask(path)
        except OSError:
            return Answer()
        self._idle.append(connection)
        return answer

    def close(self) -> None:
        """Close the connections, none of which is in use."""
        for connection in self._idle:
            connection.close()

    async def _exchange(self, path: str, due: float, take: Callable[[Exchange], None]) -> None:
        answer = await self.ask(path)
        take(Exchange(path, time.perf_counter() - due, answer))

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, *self._address)
        return connection


class _Connection(asyncio.Protocol):
    """A connection that is kept; one request at a time. What httptools calls has its names."""

    _transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # as TCP's is
        self._waiting: asyncio.Future[Answer] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("closed by the server"))

    def ask(self, path: str) -> asyncio.Future[Answer]:
        loop = asyncio.get_running_loop()
        self._answer = Answer()
        self._parser = httptools.HttpResponseParser(self)
        self._waiting = loop.create_future()
        if self._transport.is_closing():
            self._waiting.set_exception(ConnectionResetError("closed by the server"))
        self._transport.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self._time_out = loop.call_later(TIME_OUT_SECONDS, self._transport.abort)
        return self._waiting

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._answer.headers[name.decode().lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._answer.body += body

    def on_message_complete(self) -> None:
        self._time_out.cancel()
        self._answer.status = self._parser.get_status_code()
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(self._answer)
