"""Function log: lines of all functions in, prefixed lines on stdout and a file a function out.

Invariant: writing never blocks the event loop; a thread of its own does the waiting.
"""

import contextlib
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import TextIO

MAX_FILE_BYTES = 10_000_000


class FunctionLog:
    """Writes until `close`."""

    def __init__(self, output: TextIO, folder: Path | None = None) -> None:
        self._output = output
        self._folder = folder
        self._files: dict[str, TextIO] = {}
        self._lines: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="function-log", daemon=True)
        self._thread.start()

    def write(self, function: str, line: str) -> None:
        """Add a line of a function."""
        self._lines.put((function, line))

    def announce(self, line: str) -> None:
        """Add a line of the process itself: on stdout, without a prefix."""
        self._lines.put(("", line))

    def close(self) -> None:
        """Write what is left, for a second at most."""
        self._lines.put(None)
        self._thread.join(timeout=1)

    def _write_all(self) -> None:
        with contextlib.ExitStack() as files:
            while (entry := self._lines.get()) is not None:
                function, line = entry
                # A reader that has gone, or a full disk, must not end the functions.
                with contextlib.suppress(OSError):
                    self._output.write(f"{function} | {line}\n" if function else f"{line}\n")
                    if self._lines.empty():
                        self._output.flush()
                with contextlib.suppress(OSError):
                    self._keep(files, function, line)

    def _keep(self, files: contextlib.ExitStack, function: str, line: str) -> None:
        if self._folder is None or not function:
            return
        if function not in self._files:
            file = files.enter_context(_opened(self._folder / f"{function}.log"))
            self._files[function] = file
        self._files[function].write(f"{line}\n")


def _opened(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    anew = path.exists() and path.stat().st_size > MAX_FILE_BYTES
    return path.open("w" if anew else "a", encoding="utf-8", buffering=1)
