"""Being alone: a folder in, the right to it out, until the process ends however it ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.errors import UserError


@contextmanager
def alone(folder: Path, refusal: str) -> Iterator[None]:
    """Hold the folder's lock; raises `UserError` with `refusal` when somebody else does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(refusal) from error
        yield
