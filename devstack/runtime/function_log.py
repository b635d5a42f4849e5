"""Function log: lines of all functions in, prefixed lines on stdout out.

Invariant: writing never blocks the event loop; a thread of its own does the waiting.
"""

import contextlib
import threading
from queue import SimpleQueue
from typing import TextIO


class FunctionLog:
    """Writes until `close`."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="function-log", daemon=True)
        self._thread.start()

    def write(self, function: str, line: str) -> None:
        """Add a line of a function."""
        self._lines.put(f"{function} | {line}\n")

    def announce(self, line: str) -> None:
        """Add a line of the process itself, without a prefix."""
        self._lines.put(f"{line}\n")

    def close(self) -> None:
        """Write what is left, for a second at most."""
        self._lines.put(None)
        self._thread.join(timeout=1)

    def _write_all(self) -> None:
        while (line := self._lines.get()) is not None:
            # A reader that has gone, or a full disk, must not end the functions.
            with contextlib.suppress(OSError):
                self._output.write(line)
                if self._lines.empty():
                    self._output.flush()
