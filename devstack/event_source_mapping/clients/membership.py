"""The group membership: a folder in, a member that outlives a killed process out.

A process that was killed left its member behind in the group, and Kafka would wait for its session
to end. The process that takes its name (`group.instance.id`, KIP-345) takes its place at once.
A name is free when nobody holds its lock, which the system drops with the process.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple
from uuid import NAMESPACE_URL, getnode, uuid5


class Member(NamedTuple):
    """A member of the group: the number of its poller on this machine, and its name."""

    number: int
    name: str


@contextmanager
def free_member(folder: Path, name: str) -> Iterator[Member]:
    """Hold the first free member `name` has on this machine and in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    place = uuid5(NAMESPACE_URL, f"{getnode()}:{folder.resolve()}").hex[:8]
    for number in count():
        with (folder / f"{name}-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield Member(number, f"{name}-{place}-{number}")
            return
