"""Slow proxy: a port and a server in, a network that may delay or trickle what it answers out.

Invariant: what it passes on is what came, in the same order; only later.
"""

import asyncio
import contextlib
import socket
from typing import Self

from devstack.ports import LOCALHOST, free_port

_READ_BYTES = 64 * 1024


class SlowProxy:
    """A TCP proxy before a server, on the running event loop, for the length of an `async with`.

    Both settings hold for what is answered from now on.
    """

    def __init__(self, server_port: int) -> None:
        self.port = free_port()
        self.delay_seconds = 0.0
        """How long each answer, as it comes, is held."""
        self.trickle_seconds = 0.0
        """How long after a byte the next one is passed on."""
        self._server_port = server_port
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, LOCALHOST, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task  # noqa: S101 - start_server runs each connection in one
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        _without_delay(writer)
        with contextlib.suppress(OSError), contextlib.closing(writer):
            server = await asyncio.open_connection(LOCALHOST, self._server_port)
            with contextlib.closing(server[1]):
                await self._converse((reader, writer), server)

    async def _converse(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        _without_delay(server[1])
        ways = [
            asyncio.ensure_future(self._ask(client[0], server[1])),
            asyncio.ensure_future(self._answer(server[0], client[1])),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _ask(self, client: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while data := await client.read(_READ_BYTES):
            server.write(data)

    async def _answer(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while data := await server.read(_READ_BYTES):
            await asyncio.sleep(self.delay_seconds)
            for piece in _pieces(data) if self.trickle_seconds else (data,):
                client.write(piece)
                await asyncio.sleep(self.trickle_seconds)


def _pieces(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


def _without_delay(writer: asyncio.StreamWriter) -> None:
    # asyncio does so only for sockets that it made itself; bytes would wait 40 ms otherwise.
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
