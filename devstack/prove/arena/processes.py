"""Processes of a stack: who was started by whom in, whom to look at or to end out."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from devstack import leftovers

_FUNCTION_NAME = "AWS_LAMBDA_FUNCTION_NAME"


def alive(pid: int | None) -> psutil.Process | None:
    """Return the process of a pid, if there is one that lives."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid) if pid else None
        return process if process and leftovers.is_alive(process) else None
    return None


def family(process: psutil.Process | None) -> set[psutil.Process]:
    """Return a process and all that stem from it."""
    if process is None:
        return set()
    with suppress(psutil.NoSuchProcess):
        return {process, *process.children(recursive=True)}
    return {process}


def of_stack(supervisor: int | None, home: Path, database: Path) -> set[psutil.Process]:
    """Return all processes of a stack, whether its supervisor lives or not."""
    own = family(alive(supervisor)) | family(leftovers.postgres(database))
    return own | set(leftovers.processes(home))


def of_function(name: str, front: psutil.Process | None) -> list[psutil.Process]:
    """Return the execution environments of a function, which the front process has started."""
    return [process for process in family(front) if _variable(process, _FUNCTION_NAME) == name]


def local_ports(process: psutil.Process) -> set[int]:
    """Return the ports that a process's TCP sockets speak from."""
    with suppress(psutil.NoSuchProcess):
        return {connection.laddr.port for connection in process.net_connections("tcp")}
    return set()


def kill(processes: Iterable[psutil.Process]) -> None:
    """End processes that cannot say no; they are left to whoever reaps them."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _variable(process: psutil.Process, name: str) -> str | None:
    with suppress(psutil.NoSuchProcess):
        return process.environ().get(name)
    return None
