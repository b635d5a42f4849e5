"""The proxy's server: connections on a port in, the same connections to the target out.

It runs on a thread of its own, and every method may be called from any other.
"""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any, TypeVar

from devstack.ports import LOCALHOST
from devstack.prove.arena.proxy.connection import READ_BYTES, Connection
from devstack.prove.arena.proxy.moments import Catches, Course, Moment

T = TypeVar("T")


class Proxy:
    """A TCP proxy that knows PostgreSQL's messages well enough to stop at a COMMIT."""

    _loop: asyncio.AbstractEventLoop
    _thread: Thread
    _server: asyncio.Server

    def __init__(self, port: int, target: tuple[str, int]) -> None:
        self._port = port
        self._target = target
        self._catches = Catches()
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._running: dict[Connection, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Listen on the port of the loopback; raises `OSError` when it is taken."""
        listening = socket.create_server((LOCALHOST, self._port))
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._do(self._listen(listening))

    def stop(self) -> None:
        """Listen no more and reset every connection."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def catch(self, moment: Moment, act: Callable[[int], Course], seconds: float) -> None:
        """Wait for one connection to reach a moment, act in this thread, and send it on its course.

        Meanwhile the message is held and that connection stands still; others go on. `act` is
        given the client's port. Several may wait at once: first come, first served.
        Raises `MissedError` when none has reached it after so many seconds, and what `act` raises.
        """
        self._catches.wait(moment, act, seconds, self._loop)

    def hold(self) -> None:
        """Pass nothing on, on any connection, until `release`: the network is silent."""
        self._do(_call(self._is_open.clear))

    def release(self) -> None:
        """Pass on what has waited, and whatever comes."""
        self._do(_call(self._is_open.set))

    def cut(self) -> None:
        """Reset every connection there is."""
        self._do(self._reset_all())

    def forget(self) -> None:
        """Pass nothing on any more on the connections there are; new ones work."""
        self._do(_call(self._silence_all))

    @property
    def connections(self) -> int:
        """Return how many clients are connected."""
        return len(self._running)

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self, listening: socket.socket) -> None:
        self._server = await asyncio.start_server(self._accept, sock=listening, limit=READ_BYTES)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio does so only for sockets that it made itself; answers would wait 40 ms otherwise.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection((reader, writer), self._catches, self._is_open)
        task = self._loop.create_task(connection.run(self._target))
        self._running[connection] = task
        task.add_done_callback(lambda _: self._running.pop(connection))

    def _silence_all(self) -> None:
        for connection in self._running:
            connection.silence()

    async def _reset_all(self) -> None:
        tasks = list(self._running.values())
        for connection, task in self._running.items():
            connection.reset()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self) -> None:
        self._server.close()
        await self._reset_all()
        await self._server.wait_closed()


async def _call(what: Callable[[], object]) -> None:
    what()
