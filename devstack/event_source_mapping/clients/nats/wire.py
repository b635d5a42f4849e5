"""The wire: an address in, a client that hands over every message whole out.

nats-py reads a message's headers into a dict (a repeated one is lost), and its read loop ends at a
subject that is no UTF-8 or at a header block of one word, both of which a server stores: one such
message would stop a stream for good. Nothing a foreign publisher sends may do that.
"""

from collections.abc import Awaitable, Callable
from typing import cast

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.transport import TcpTransport

from devstack import jetstream

PING_SECONDS = 4
SILENT_PINGS = 2
"""Unanswered pings after which a connection is given up: a server may pause for some seconds."""


class RawHeaders(dict[str, str]):
    """Headers as nats-py reads them, for its own use, and as they came."""

    raw: bytes = b""


class WholeClient(Client):
    """nats-py's client, less what it leaves out of messages."""

    async def _process_headers(self, headers: bytes | None) -> RawHeaders:
        try:
            read = RawHeaders(await super()._process_headers(headers) or {})
        except (IndexError, UnicodeDecodeError):
            read = RawHeaders()
        read.raw = headers or b""
        return read

    def _build_message(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None
    ) -> Msg:
        return Msg(
            _client=self,
            subject=subject.decode(errors="surrogateescape"),
            reply=reply.decode(errors="surrogateescape"),
            data=data,
            headers=headers,
            _sid=sid,
        )

    def abort(self) -> None:
        """Let go of the connection; `close` waits for a server that may never read again."""
        transport = self._transport
        if isinstance(transport, TcpTransport) and transport._io_writer is not None:  # noqa: SLF001 - nothing public ends it
            transport._io_writer.transport.abort()  # noqa: SLF001


def raw_headers(message: Msg) -> bytes:
    """Return the header block of a message as it came; empty without one."""
    return cast("RawHeaders", message.headers).raw


async def connect(
    url: str,
    credentials: str | None,
    name: str,
    heard: Callable[[Exception], Awaitable[None]],
) -> WholeClient:
    """Connect, once; `heard` is told what the server has against what is asked of it."""
    client = await jetstream.connect(
        url,
        credentials,
        WholeClient,
        name=name,
        error_cb=heard,
        ping_interval=PING_SECONDS,
        max_outstanding_pings=SILENT_PINGS,
    )
    return cast("WholeClient", client)
