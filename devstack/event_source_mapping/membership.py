"""The group membership: a folder in, a member name that outlives a killed process out.

A process that was killed left its member behind in the group, and Kafka would wait for its session
to end. The process that takes its name (`group.instance.id`, KIP-345) takes its place at once.
A name is free when nobody holds its lock, which the system drops with the process.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from uuid import NAMESPACE_URL, getnode, uuid5


@contextmanager
def member_name(folder: Path, name: str) -> Iterator[str]:
    """Hold the first free member name of `name` on this machine and folder."""
    folder.mkdir(parents=True, exist_ok=True)
    place = uuid5(NAMESPACE_URL, f"{getnode()}:{folder.resolve()}").hex[:8]
    for number in count():
        with (folder / f"{name}-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield f"{name}-{place}-{number}"
            return
