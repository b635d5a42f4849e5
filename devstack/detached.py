"""Detached: a command in, its process in a session of its own out, once what it starts is up.

What it says until then is passed on; afterwards nobody reads it.
"""

import os
import select
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from devstack.errors import UserError

_LOOK_AGAIN_SECONDS = 0.1
_CHUNK_BYTES = 65_536


def start(
    command: Sequence[str], environment: Mapping[str, str], is_up: Callable[[], bool]
) -> subprocess.Popen[bytes]:
    """Start the command and return when it is up; raises `UserError` when it ends before.

    Interrupted meanwhile (Ctrl-C), it ends what it started.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as said, os.fdopen(writing, "wb") as speaking:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=speaking,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the terminal may close
        )
        speaking.close()  # here; the process has its own
        try:
            _until_up(said, is_up)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    return process


def _until_up(said: IO[bytes], is_up: Callable[[], bool]) -> None:
    while not is_up():
        if _pass_on(said) == b"":
            message = "it did not start; the reason stands above"
            raise UserError(message)
    _pass_on(said)


def _pass_on(said: IO[bytes]) -> bytes | None:
    """Pass on what was said lately, and return it: nothing at its end, None for silence."""
    if not select.select([said], [], [], _LOOK_AGAIN_SECONDS)[0]:
        return None
    text = said.read(_CHUNK_BYTES)
    sys.stdout.write(text.decode(errors="replace"))
    sys.stdout.flush()
    return text
