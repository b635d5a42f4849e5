"""What a stack says: prefixed lines on the terminal, and in a file for each component."""

import logging
import logging.handlers
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

_WIDTH = 10
_COLOURS = (36, 33, 32, 35, 34, 31)  # cyan, yellow, green, magenta, blue, red
_FILE_BYTES = 10_000_000


class Console:
    """Writes lines as `name | text`, in colour on a terminal, and keeps them under `folder`."""

    def __init__(self, folder: Path, own_name: str = "stack") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._own_name = own_name
        self._coloured = sys.stdout.isatty()
        self._files: dict[str, logging.Handler] = {}

    def say(self, text: str) -> None:
        """Write a line of the supervisor's own."""
        self.line(self._own_name, text)

    def line(self, name: str, text: str) -> None:
        """Write one line of a component."""
        file = self._files.get(name) or self._open(name)
        prefix = f"{name:<{_WIDTH}} |"
        if self._coloured:
            colour = _COLOURS[list(self._files).index(name) % len(_COLOURS)]
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        with suppress(BrokenPipeError):  # nobody reads any more; the files still do
            sys.stdout.write(f"{prefix} {text}\n")
            sys.stdout.flush()
        file.emit(logging.makeLogRecord({"msg": text}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()

    def _open(self, name: str) -> logging.Handler:
        file = logging.handlers.RotatingFileHandler(
            self._folder / f"{name}.log", maxBytes=_FILE_BYTES, backupCount=1, encoding="utf-8"
        )
        file.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        self._files[name] = file
        return file


def say(text: str) -> None:
    """Print a line of a command's answer; a reader of a pipe has it at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
