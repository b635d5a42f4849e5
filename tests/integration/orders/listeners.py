"""Servers of one port: what to do with a connection in, their port out."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

_SECONDS = 10


@contextmanager
def accepting(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve each connection in a thread of its own; give the port."""
    threads: list[threading.Thread] = []

    def accept() -> None:
        with contextlib.suppress(OSError):  # how a listener that is shut down tells it
            while True:
                wire, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(wire,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (acceptor, *threads):
                thread.join(timeout=_SECONDS)


class SilentServer(NamedTuple):
    """Where connections are taken and never answered, and who called."""

    port: int
    callers: list[tuple[str, int]]


@contextmanager
def silent_server() -> Iterator[SilentServer]:
    callers: list[tuple[str, int]] = []

    def hear_out(wire: socket.socket) -> None:
        with wire:
            callers.append(wire.getpeername())
            while wire.recv(1000):
                pass

    with accepting(hear_out) as port:
        yield SilentServer(port, callers)
