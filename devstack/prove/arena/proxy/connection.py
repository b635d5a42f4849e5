"""A connection: a client's socket and one to the server in, what passes between them out."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterable

from devstack.prove.arena.proxy.framing import Dialogue, Mark
from devstack.prove.arena.proxy.moments import Catches, Course, Moment

READ_BYTES = 256 * 1024
NOTICED_SECONDS = 10.0
"""When a server's unanswered keepalives, as the layer sets them, would end a silent connection."""

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER without patience: closing sends RST, not FIN
_IN_HAND = {Mark.COMMIT: Moment.COMMIT_ASKED, Mark.COPY_DATA: Moment.COPY_DATA}

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Connection:
    """One client's connection, from its acceptance to its end."""

    def __init__(self, client: Streams, catches: Catches, is_open: asyncio.Event) -> None:
        """Take the gate too: while it is shut, nothing is passed on."""
        self._client = client
        self._ends = [client[1]]
        self._catches = catches
        self._is_open = is_open
        self._is_free = asyncio.Event()  # not held by whoever caught it
        self._is_free.set()
        self._is_silent = False
        self._dialogue = Dialogue()

    async def run(self, target: tuple[str, int]) -> None:
        """Pass everything on until one side ends the connection; a reset is passed on too."""
        try:
            await self._turn()
            server = await asyncio.open_connection(*target, limit=READ_BYTES)
            self._ends.append(server[1])
            await self._converse(server)
        except OSError:
            self.reset()
        finally:
            for end in self._ends:
                end.close()

    def silence(self) -> None:
        """Pass on nothing any more; after a while the server notices that its client is gone."""
        self._is_silent = True
        asyncio.get_running_loop().call_later(NOTICED_SECONDS, self._reset, self._ends[1:])

    def reset(self) -> None:
        """End both sides as if their network had gone."""
        self._reset(self._ends)

    @staticmethod
    def _reset(ends: Iterable[asyncio.StreamWriter]) -> None:
        for end in ends:
            with contextlib.suppress(OSError):  # it is closed already
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()

    async def _converse(self, server: Streams) -> None:
        ways = {
            asyncio.create_task(self._ask(self._client[0], server[1])),
            asyncio.create_task(self._answer(server[0], self._client[1])),
        }
        try:
            ended, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ended:
                way.result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _ask(self, client: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while data := await self._read(client):
            for mark, piece in self._dialogue.asked(data):
                if mark:
                    await self._reach(_IN_HAND[mark])
                await self._pass(piece, server)
                if mark is Mark.COMMIT:
                    await self._reach(Moment.COMMIT_SENT)
                await server.drain()

    async def _answer(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while data := await self._read(server):
            has_committed = False
            for mark, piece in self._dialogue.answered(data):
                if mark:
                    has_committed = True
                    await self._reach(Moment.COMMIT_ANSWERED)
                await self._pass(piece, client)
                await client.drain()
            if has_committed:  # with the ReadyForQuery after it, which comes with it
                await self._reach(Moment.COMMIT_PASSED)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        try:
            data = await reader.read(READ_BYTES)
        except OSError:
            await self._turn()
            raise
        await self._turn()  # an end is news as well
        return data

    async def _pass(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        await self._turn()
        writer.write(piece)

    async def _turn(self) -> None:
        """Wait until something may be passed on."""
        while not (self._is_free.is_set() and self._is_open.is_set()):
            await self._is_free.wait()
            await self._is_open.wait()
        if self._is_silent:
            await asyncio.Event().wait()  # for good

    async def _reach(self, moment: Moment) -> None:
        self._is_free.clear()
        course = Course.PASS
        try:
            course = await self._catches.reached(moment, self._client_port)
        finally:
            self._is_silent |= course is not Course.PASS  # before the other way goes on
            self._is_free.set()
        if course is Course.DROP:
            raise ConnectionResetError

    @property
    def _client_port(self) -> int:
        return int(self._client[1].get_extra_info("peername")[1])
