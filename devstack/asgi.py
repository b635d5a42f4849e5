"""ASGI, the little of it that devstack's servers need: requests in, whole answers out."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_BODILESS = frozenset({204, 304})


class BodyTooLargeError(Exception):
    """The body is longer than the limit; `length` is how long, as far as it is known."""

    def __init__(self, length: int) -> None:
        super().__init__(f"{length} bytes")
        self.length = length


class IncompleteBodyError(Exception):
    """The client went away before it had sent the whole body."""

    def __init__(self) -> None:
        super().__init__("the body is incomplete")


async def read_body(scope: Scope, receive: Receive, limit_bytes: int) -> bytes:
    """Read a request's body; raises `BodyTooLargeError` beyond `limit_bytes`.

    Raises `IncompleteBodyError` when the client has gone: half a body must not be acted upon.
    What is over the limit is read and dropped, so that the client gets to see the answer.
    """
    if not _announces_body(scope["headers"]):
        return b""
    chunks: list[bytes] = []
    length = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise IncompleteBodyError
        chunk = message.get("body", b"")
        length += len(chunk)
        if length <= limit_bytes:
            chunks.append(chunk)
        more = message.get("more_body", False)
    if length > limit_bytes:
        raise BodyTooLargeError(length)
    return b"".join(chunks)


async def answer(send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    """Send a whole answer, with its length where HTTP has one (RFC 9110, 8.6)."""
    if status not in _BODILESS:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_head(send: Send, status: int, headers: Headers) -> None:
    """Send the answer to a HEAD request, whose length is that of the answer to GET."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _announces_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name in {b"content-length", b"transfer-encoding"} for name, _ in headers)
