"""The editor of a person: a document in, what the person made of it out.

What a person wrote is never lost: the file stays until the record is redriven.
"""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devstack.errors import UserError
from devstack.quarantine import bulk
from devstack.quarantine.text import indented


@dataclass(frozen=True)
class Editor:
    """A command that takes a file and comes back when the person is done."""

    command: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Editor":
        """Read its command line; raises `UserError` when there is none."""
        try:
            command = tuple(shlex.split(text))
        except ValueError as error:
            message = f"VISUAL or EDITOR is no command ({error}): {text}"
            raise UserError(message) from error
        if not command:
            message = "no editor is named; set VISUAL or EDITOR, or correct with --set or --file"
            raise UserError(message)
        return cls(command)

    def open(self, file: Path) -> None:
        """Let the person edit a file; raises `UserError` when the editor fails."""
        try:
            done = subprocess.run([*self.command, str(file)], check=False)
        except OSError as error:
            message = f"the editor {self.command[0]} cannot be started: {error.strerror}"
            raise UserError(message) from error
        if done.returncode:
            message = f"the editor {self.command[0]} ended with {done.returncode}; nothing is done"
            raise UserError(message)


@dataclass
class Draft:
    """A file that a person edits, what stood in it first, and whether it is needed no longer."""

    file: Path
    text: bytes
    is_done: bool = False


@contextmanager
def draft(record_id: int, value: bytes | None) -> Iterator[Draft]:
    """Write a value for editing into a file that only its owner can read.

    Bytes that are no UTF-8 stand as �, to be put right.
    """
    text = indented((value or b"").decode("utf-8-sig", errors="replace")) + "\n"
    handle, name = tempfile.mkstemp(prefix=f"quarantined-{record_id}-", suffix=".json")
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
    draft = Draft(Path(name), text.encode())
    try:
        yield draft
    finally:
        if draft.is_done or _is(draft.file, draft.text):
            draft.file.unlink(missing_ok=True)
        else:
            bulk.note(f"what you wrote is kept: fix {record_id} --file {draft.file}")


def saved(file: Path) -> bytes:
    """Return what was saved; raises `UserError` when the file is gone."""
    try:
        return file.read_bytes()
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise UserError(message) from error


def _is(file: Path, text: bytes) -> bool:
    return not file.exists() or file.read_bytes() == text
