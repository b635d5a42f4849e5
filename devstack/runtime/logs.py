"""Function logs: the bytes of a process's pipe in, lines and the tail of an invocation out.

Invariant: `drain` takes all the process wrote before it, so an answer never overtakes its log.
"""

import asyncio
import os
from collections.abc import Callable

from devstack.runtime.invocation import Failure

TAIL_BYTES = 4096  # https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, LogResult
_READ_BYTES = 65_536


class LogPipe:
    """The read end of a process's stdout and stderr."""

    def __init__(self, sink: Callable[[str], None]) -> None:
        self._sink = sink
        self._line = b""
        self._tail = bytearray()
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        asyncio.get_running_loop().add_reader(self._reader, self.drain)

    def drain(self) -> None:
        """Take all that is in the pipe, without waiting."""
        while self._reader >= 0:
            try:
                received = os.read(self._reader, _READ_BYTES)
            except BlockingIOError:
                return
            if not received:
                self.close()
                return
            self._take(received)

    def write(self, line: str) -> None:
        """Add a line of Lambda's own to the tail of the current invocation."""
        self._keep(f"{line}\n".encode())

    def report(self, failure: Failure) -> None:
        """Add a failure to the tail, and show it."""
        self.write(f"{failure.message}\n{failure.error_type}")
        self._sink(f"{failure.message} ({failure.error_type})")

    def take_tail(self) -> bytes:
        """Return the last 4 KB since the last call, and begin anew."""
        tail = bytes(self._tail[-TAIL_BYTES:])
        self._tail.clear()
        return tail

    def close_writer(self) -> None:
        """Leave the write end to the process alone, so that its end is seen."""
        os.close(self.writer)

    def close(self) -> None:
        """Stop reading; an unfinished line is shown as it stands."""
        if self._reader < 0:
            return
        asyncio.get_running_loop().remove_reader(self._reader)
        os.close(self._reader)
        self._reader = -1
        if self._line:
            self._show(self._line)
            self._line = b""

    def _take(self, received: bytes) -> None:
        # awslambdaric ends the lines inside one error with CR.
        received = received.replace(b"\r", b"\n")
        self._keep(received)
        *lines, self._line = (self._line + received).split(b"\n")
        for line in lines:
            self._show(line)

    def _keep(self, received: bytes) -> None:
        self._tail += received
        if len(self._tail) > 2 * TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]

    def _show(self, line: bytes) -> None:
        if line:
            self._sink(line.decode(errors="replace"))
