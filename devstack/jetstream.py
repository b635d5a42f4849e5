"""NATS JetStream on this machine: a folder in, the command of a server on 127.0.0.1 out.

And what everybody does with a server, ours or another: connect to it, and have a stream of it.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import nats.errors
from nats.aio.client import Client
from nats.js.api import StorageType, StreamConfig
from nats.js.errors import NotFoundError

from devstack import nats_user
from devstack.errors import UserError
from devstack.ports import LOCALHOST
from devstack.settings import NATS_PORT

TOPIC_PREFIX: Final = "nats:"
"""No Kafka topic has a colon in its name: a stream never shares a topic's place in the ledger."""

LARGEST_MESSAGE_BYTES: Final = 8 * 1024 * 1024
"""As much as an event may have; NATS's own default is 1 MB."""

_CONNECT_SECONDS: Final = 2
_PASSES_FROM: Final = 500
_ANSWER_SECONDS: Final = 5

_Told = TypeVar("_Told")

FAULTS: Final = (nats.errors.Error, OSError, TimeoutError)
"""What nats-py raises when a server is away, or does not do what it was asked."""


def may_pass(code: int) -> bool:
    """Tell of a refusal's code whether it may not last, as of a server that has just begun."""
    return code >= _PASSES_FROM


def topic_of(stream: str) -> str:
    """Name the topic that the records of a stream say they come from."""
    return f"{TOPIC_PREFIX}{stream}"


def subjects_of(stream: str) -> list[str]:
    """Return the subjects of a stream of ours: its own name, and one for each key."""
    return [stream, f"{stream}.>"]


def addresses(url: str) -> str:
    """Return host:port of a server, or of several, without what signs in to them.

    `url` is as NATS's own tools have it: nats:// or tls://, several of them separated by commas.
    Raises `UserError` for anything else.
    """
    return ",".join(map(_address, url.split(",")))


def _address(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        known = parts.scheme in {"nats", "tls"} and parts.hostname
        port = parts.port or NATS_PORT
    except ValueError:
        known = None
    if not known:
        message = "NATS_URL is not nats://host:port or tls://host:port"
        raise UserError(message)
    return f"{parts.hostname}:{port}"


@dataclass(frozen=True)
class Server:
    """One server whose streams lie in `folder`."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Return where clients find it."""
        return f"nats://{LOCALHOST}:{self.port}"

    @property
    def command(self) -> tuple[str, ...]:
        """Return the command that runs the server in the foreground."""
        # Beside the interpreter: the package is nothing but the program.
        return (str(Path(sys.executable).parent / "nats-server"), "--config", str(self._file))

    @property
    def _file(self) -> Path:
        return self.folder / "server.conf"

    def answers(self) -> bool:
        """Tell whether JetStream answers."""
        return answers(self.url)

    def prepare(self) -> None:
        """Write the configuration, which has settings that no option has."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file.write_text(
            f'listen: "{LOCALHOST}:{self.port}"\n'
            f"max_payload: {LARGEST_MESSAGE_BYTES}\n"
            "logtime: false\n"
            f'jetstream {{ store_dir: "{self.folder}" }}\n'
        )


async def connect(
    url: str,
    credentials: str | None = None,
    kind: type[Client] = Client,
    **options: Any,  # noqa: ANN401 - nats-py's own
) -> Client:
    """Connect, once: a server that is away is told at once; `options` are nats-py's and win.

    `credentials` is the file of a NATS user.
    """
    client = kind()
    heard: list[Exception] = []

    async def note(error: Exception) -> None:
        heard.append(error)

    own: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        "allow_reconnect": False,
        # Otherwise, even so, it tries sixty times, two seconds apart; and 0 is for ever.
        "max_reconnect_attempts": 1,
        "reconnect_time_wait": 0,
        "error_cb": note,
        **(nats_user.options(credentials) if credentials else {}),
    }
    try:
        await client.connect(url.split(","), **{**own, **options})
    except FAULTS as error:
        await client.close()  # one that was refused keeps its socket
        causes = [cause for cause in heard if isinstance(cause, FAULTS)]
        raise (causes or [error])[-1] from error  # "no servers available" says nothing of why
    return client


def answers(url: str, credentials: str | None = None) -> bool:
    """Tell whether JetStream answers."""
    try:
        asked(url, credentials, lambda client: client.jetstream().account_info())
    except UserError:
        return False
    return True


def ensure_stream(url: str, stream: str, credentials: str | None = None) -> None:
    """Make the stream unless it is there; raises `UserError` when the server refuses."""
    asked(url, credentials, lambda client: make_stream(client, stream))


async def make_stream(client: Client, stream: str) -> None:
    """Make a stream unless there is one of this name, which is used as it is."""
    context = client.jetstream()
    try:
        await context.stream_info(stream)
    except NotFoundError:
        config = StreamConfig(
            name=stream, subjects=subjects_of(stream), storage=StorageType.FILE, allow_direct=True
        )
        await context.add_stream(config)


def asked(
    url: str, credentials: str | None, question: Callable[[Client], Awaitable[_Told]]
) -> _Told:
    """Connect, ask one thing and leave; not from within an event loop.

    Raises `UserError` when the server is away or refuses.
    """
    try:
        return asyncio.run(asyncio.wait_for(ask(url, credentials, question), _ANSWER_SECONDS))
    except FAULTS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        message = (
            f"NATS at {addresses(url)} does not do what it is asked: {reason};"
            " is it running, with JetStream, and NATS_URL right?"
        )
        raise UserError(message) from error


async def ask(
    url: str, credentials: str | None, question: Callable[[Client], Awaitable[_Told]]
) -> _Told:
    """Connect, ask one thing and leave, however long it takes; raises FAULTS."""
    client = await connect(url, credentials)
    try:
        return await question(client)
    finally:
        await client.close()
