"""Server processes: an application and ports in, HTTP until SIGTERM or SIGINT out."""

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from devstack import asgi
from devstack.errors import UserError
from devstack.ports import LOCALHOST
from devstack.runtime.function_log import FunctionLog

GRACE_SECONDS = 3


class Server(uvicorn.Server):
    """Serves an application on sockets that are bound already."""

    def __init__(self, application: asgi.Application, sockets: list[socket.socket]) -> None:
        self._sockets = sockets
        super().__init__(
            uvicorn.Config(
                application,
                http="httptools",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=60,  # a poller's pause must not race with our closing
                timeout_graceful_shutdown=2 * GRACE_SECONDS,  # the environments end before it
            )
        )

    async def serve_all(self) -> None:
        """Serve until `should_exit` is set."""
        await self.serve(self._sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process: there may be two servers in it."""
        yield


def bound(port: int) -> socket.socket:
    """Return a socket on a port of this machine; raises `UserError` when it is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOCALHOST, port))
    except OSError as error:
        listener.close()
        message = (
            f"port {port} of {LOCALHOST} cannot be used ({error.strerror}); choose another one"
        )
        raise UserError(message) from error
    return listener


def stop_signal() -> asyncio.Future[None]:
    """Return a future that SIGTERM or SIGINT resolves."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopped.done():
            stopped.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopped


async def serve_until(
    stopped: asyncio.Future[None],
    servers: Sequence[Server],
    beginning: Coroutine[Any, Any, None],
    close: Callable[[], Awaitable[None]],
) -> None:
    """Serve; `beginning` runs beside it, and `close` ends what running requests still wait for."""
    serving = asyncio.gather(*(server.serve_all() for server in servers))
    begun = asyncio.create_task(beginning)
    either: set[asyncio.Future[Any]] = {serving, stopped}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    begun.cancel()
    for server in servers:
        server.should_exit = True
    await asyncio.wait({serving}, timeout=GRACE_SECONDS)
    await close()
    await serving


def main(
    program: str, description: str, serve: Callable[[Path, FunctionLog], Coroutine[Any, Any, None]]
) -> int:
    """Run a process that is told by a file how to serve; return its exit status.

    0 after SIGTERM, 1 with one line on standard error when it cannot start.
    """
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--config", type=Path, required=True, help="JSON, see Configuration")
    file = parser.parse_args().config
    log = FunctionLog(sys.stdout)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(file, log))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        log.close()
    return 0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
