"""A relay before a NATS server: its first client hears of no stored record, and is cut off then."""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Lock, Thread
from urllib.parse import urlsplit

_BYTES = 64 * 1024
_ACKNOWLEDGEMENT = b'"seq":'


class DeafRelay(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, server_url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        parts = urlsplit(server_url)
        self.target = (parts.hostname, parts.port)
        self.cut_off = Lock()
        """Held once it has happened."""

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.server_address[1]}"


class _Passing(BaseRequestHandler):
    server: DeafRelay

    def handle(self) -> None:
        with suppress(OSError), socket.create_connection(self.server.target) as target:
            other = {self.request: target, target: self.request}
            while True:
                for end in select.select(list(other), [], [])[0]:
                    data = end.recv(_BYTES)
                    if not data or (end is target and self._is_the_first_loss(data)):
                        return
                    other[end].sendall(data)

    def _is_the_first_loss(self, data: bytes) -> bool:
        return _ACKNOWLEDGEMENT in data and self.server.cut_off.acquire(blocking=False)


@contextmanager
def deaf_relay(server_url: str) -> Iterator[DeafRelay]:
    """Pass on what comes, for the length of a `with` block."""
    with DeafRelay(server_url) as relay:
        Thread(target=relay.serve_forever, daemon=True).start()
        try:
            yield relay
        finally:
            relay.shutdown()
