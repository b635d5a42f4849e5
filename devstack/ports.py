"""Ports of this machine: a first choice in, one that nobody listens on or is about to out."""

import fcntl
import os
import socket
import tempfile
from itertools import chain
from pathlib import Path
from typing import IO

from devstack.errors import UserError

LOCALHOST = "127.0.0.1"
HIGHEST_PORT = 65_535
_LOWEST_PORT = 1024  # the ones below are root's
_FOLDER = Path(tempfile.gettempdir()) / f"serverless-orders-ports-{os.getuid()}"

_claims: list[IO[str]] = []
"""Locks that are held for as long as this process lives."""


class Ports:
    """Ports that are chosen one after the other, none of them twice."""

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def free(self, name: str, given: int | None, default: int) -> int:
        """Choose the port that a person gave by this name, or the first free one from a default."""
        return self.next_free(default) if given is None else self.take(name, given)

    def take(self, name: str, port: int) -> int:
        """Choose just this port; raises `UserError` when it is taken."""
        if not self._is_free(port):
            message = (
                f"port {port} ({name}) is taken by another program; stop that program, or set"
                f" {name} to another port, or leave it unset to use the next free one"
            )
            raise UserError(message)
        self._taken.add(port)
        return port

    def next_free(self, first: int) -> int:
        """Choose the first free port from this one on, and keep other stacks from choosing it."""
        ports = chain(range(first, HIGHEST_PORT + 1), range(_LOWEST_PORT, first))
        port = next(port for port in ports if self._is_free(port) and claim(port))
        self._taken.add(port)
        return port

    def _is_free(self, port: int) -> bool:
        return port not in self._taken and is_free(port)


def claim(port: int) -> bool:
    """Keep a port for this process until it ends; False when another one keeps it.

    Between its choice and its server's start nobody listens: a stack that is started meanwhile
    would choose it too.
    """
    _FOLDER.mkdir(mode=0o700, exist_ok=True)
    lock = (_FOLDER / str(port)).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return False
    _claims.append(lock)
    return True


def is_free(port: int) -> bool:
    """Tell whether nothing listens on a port, on the loopback or on every address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCALHOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nothing listens on; whoever asks at the same time gets another one."""
    with socket.socket() as probe:
        probe.bind((LOCALHOST, 0))
        return int(probe.getsockname()[1])
