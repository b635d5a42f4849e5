"""RESP: commands in, replies out, over one connection to Valkey or Redis.

An exchange has one deadline, however slowly bytes trickle. A connection on which anything went
wrong is closed: a reply that comes late is never taken for that of the next command.
https://valkey.io/topics/protocol/
"""

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

LARGEST_REPLY: Final = 16 * 2**20

_CHUNK: Final = 65_536
_END: Final = b"\r\n"

Command = Sequence[bytes]


class ErrorReply(NamedTuple):
    """What the server refused, in its words; the first of them is a code."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def code(self) -> str:
        """Return what programs go by."""
        return self.text.partition(" ")[0]


Reply = bytes | int | ErrorReply | None


class ExchangeError(Exception):
    """The server was not reached, did not answer in time, or not as the protocol has it."""


class ConnectionLostError(ExchangeError):
    """The server ended the connection."""


class Deadline:
    """When time is up."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Return the seconds that are left; raises TimeoutError when none are."""
        left = self._end - self._clock()
        if left <= 0:
            raise TimeoutError
        return left


class Connection:
    """One connection; after an error it is closed."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._unread = bytearray()

    def exchange(self, commands: Sequence[Command], deadline: Deadline) -> list[Reply]:
        """Send commands and read as many replies; raises ExchangeError."""
        try:
            self._send(b"".join(map(_packed, commands)), deadline)
            replies = [self._reply(deadline) for _ in commands]
            self._check_is_read()
        except OSError as error:
            self.close()
            raise meaning(error) from error
        except BaseException:
            self.close()
            raise
        return replies

    def close(self) -> None:
        """Close."""
        self._wire.close()

    def _send(self, content: bytes, deadline: Deadline) -> None:
        unsent = memoryview(content)
        while unsent:
            self._wire.settimeout(deadline.left())
            unsent = unsent[self._wire.send(unsent) :]

    def _check_is_read(self) -> None:
        if self._unread:
            raise _confused(self._unread)

    def _reply(self, deadline: Deadline) -> Reply:
        line = self._line(deadline)
        kind, content = line[:1], line[1:]
        if kind == b"+":
            return content
        if kind == b"-":
            return ErrorReply(content.decode(errors="replace"))
        if kind == b":":
            return _number(content)
        if kind == b"$":
            return self._bulk(_number(content), deadline)
        raise _confused(line)

    def _bulk(self, length: int, deadline: Deadline) -> bytes | None:
        if length == -1:
            return None
        if not 0 <= length <= LARGEST_REPLY:
            raise _confused(b"a reply of %d bytes" % length)
        while len(self._unread) < length + len(_END):
            self._receive(deadline)
        content = self._taken(length)
        if self._taken(len(_END)) != _END:
            raise _confused(content)
        return content

    def _line(self, deadline: Deadline) -> bytes:
        while (end := self._unread.find(_END)) < 0:
            if len(self._unread) > _CHUNK:
                raise _confused(self._unread)
            self._receive(deadline)
        line = self._taken(end)
        del self._unread[: len(_END)]
        return line

    def _taken(self, length: int) -> bytes:
        taken = bytes(self._unread[:length])
        del self._unread[:length]
        return taken

    def _receive(self, deadline: Deadline) -> None:
        self._wire.settimeout(deadline.left())
        received = self._wire.recv(_CHUNK)
        if not received:
            message = "the server ended the connection"
            raise ConnectionLostError(message)
        self._unread += received


def _packed(command: Command) -> bytes:
    parts = (b"$%d\r\n%b\r\n" % (len(part), part) for part in command)
    return b"*%d\r\n%b" % (len(command), b"".join(parts))


def _number(digits: bytes) -> int:
    try:
        return int(digits)
    except ValueError:
        raise _confused(digits) from None


def _confused(content: bytes | bytearray) -> ExchangeError:
    return ExchangeError(f"the server does not speak RESP: {bytes(content[:40])!r}")


def meaning(error: OSError) -> ExchangeError:
    """Tell an error of a socket in our terms."""
    if isinstance(error, TimeoutError):
        return ExchangeError("no answer in time")
    is_lost = isinstance(error, (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError))
    return (ConnectionLostError if is_lost else ExchangeError)(str(error))
