"""Runtime API: HTTP of one runtime client in, calls of an environment's methods out.

Invariant: every answer is one write and has a Content-Type. Header and body in two segments cost
40 ms (Nagle); without a Content-Type awslambdaric 4.2 ends with a segmentation fault.
Standard library only: LocalStack's executor imports it from another Python.
"""

import asyncio
import re
from http import HTTPStatus
from typing import Protocol, cast

_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


class Environment(Protocol):
    """What the Runtime API reports to."""

    def next_requested(self, runtime: "RuntimeConnection") -> None:
        """Take note that the runtime is free; `runtime.send_event` answers it."""

    def response_posted(self, request_id: str, payload: bytes) -> HTTPStatus:
        """Take what the handler returned; the status is what the runtime is told."""

    def error_posted(self, request_id: str, payload: bytes) -> HTTPStatus:
        """Take the error object of a handler that raised."""

    def init_error_posted(self, payload: bytes) -> HTTPStatus:
        """Take the error object of a module that did not load."""


class RuntimeConnection(asyncio.Protocol):
    """A connection of the runtime client.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
    """

    _transport: asyncio.Transport

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._received = bytearray()
        self._body_start = 0  # 0: the head of the request is not complete
        self._end = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back (called by the event loop)."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """Take what has arrived and act on every complete request (called by the event loop)."""
        self._received += data
        while self._request_is_complete():
            head = bytes(self._received[: self._body_start])
            body = bytes(self._received[self._body_start : self._end])
            del self._received[: self._end]
            self._body_start = 0
            self._dispatch(head.split(b" ", 2)[1].decode(), body)

    def send_event(self, headers: str, event: bytes) -> None:
        """Answer `next` with an event; `headers` are whole lines."""
        self._send(HTTPStatus.OK, event, headers)

    def _request_is_complete(self) -> bool:
        if not self._body_start:
            head_end = self._received.find(_HEAD_END)
            if head_end < 0:
                return False
            length = _CONTENT_LENGTH.search(self._received, 0, head_end)
            self._body_start = head_end + len(_HEAD_END)
            self._end = self._body_start + (int(length[1]) if length else 0)
        return len(self._received) >= self._end

    def _dispatch(self, path: str, body: bytes) -> None:
        match path.split("/")[3:]:
            case ["invocation", "next"]:
                self._environment.next_requested(self)
            case ["invocation", request_id, "response"]:
                self._acknowledge(self._environment.response_posted(request_id, body))
            case ["invocation", request_id, "error"]:
                self._acknowledge(self._environment.error_posted(request_id, body))
            case ["init", "error"]:
                self._acknowledge(self._environment.init_error_posted(body))
            case _:
                self._acknowledge(HTTPStatus.NOT_FOUND)

    def _acknowledge(self, status: HTTPStatus) -> None:
        self._send(status, b'{"status":"OK"}' if status < HTTPStatus.BAD_REQUEST else b"{}")

    def _send(self, status: HTTPStatus, body: bytes, headers: str = "") -> None:
        head = (
            f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n{headers}\r\n"
        )
        self._transport.writelines((head.encode(), body))
