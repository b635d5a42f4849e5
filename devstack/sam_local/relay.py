"""A relay: an address that containers reach in, a server that listens on the loopback alone out.

The stack's PostgreSQL lets only the loopback in: for the length of a command it can be reached from
the containers' network too, and from nowhere else.
"""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

_BYTES = 64 * 1024

Address = tuple[str, int]


class _Relay(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, host: str, target: Address) -> None:
        super().__init__((host, 0), _Passing)
        self.target = target


class _Passing(BaseRequestHandler):
    server: _Relay

    def handle(self) -> None:
        # Whoever is gone: closing both sides tells the other one.
        with suppress(OSError), socket.create_connection(self.server.target) as target:
            other = {self.request: target, target: self.request}
            while True:
                for end in select.select(list(other), [], [])[0]:
                    data = end.recv(_BYTES)
                    if not data:
                        return
                    other[end].sendall(data)


@contextmanager
def relay(host: str, target: Address) -> Iterator[Address]:
    """Pass on what comes to a free port of `host`, for the length of a `with` block."""
    with _Relay(host, target) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield host, int(server.server_address[1])
        finally:
            server.shutdown()
