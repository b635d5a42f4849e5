"""Processes of a stack whose supervisor was killed: found by a mark in their environment, ended."""

import os
import signal
from pathlib import Path

import psutil

from devstack.waiting import until

MARK = "DEVSTACK_OWNED_BY"
"""Set to the stack's folder in every process it starts, and in nothing else."""

_GRACE_SECONDS = 5


def end(home: Path, *, with_variable: str = MARK) -> int:
    """End every process that belongs to the stack in `home`; return how many there were.

    `with_variable` narrows them to those that have this environment variable too.
    """
    return _end(processes(home, with_variable=with_variable), signal.SIGTERM)


def processes(home: Path, *, with_variable: str = MARK) -> list[psutil.Process]:
    """Return the processes that belong to the stack in `home`, PostgreSQL's excepted."""
    return [process for process in psutil.process_iter() if _belongs(process, home, with_variable)]


def end_postgres(data: Path) -> int:
    """End the PostgreSQL server of a data folder.

    Its pid file goes with it: PostgreSQL would take another process, or one that only waits to be
    reaped, for itself and refuse to start.
    """
    process = postgres(data)
    ended = _end([process], signal.SIGINT) if process else 0  # fast shutdown
    (data / "postmaster.pid").unlink(missing_ok=True)
    return ended


def postgres(data: Path) -> psutil.Process | None:
    """Find the PostgreSQL server of a data folder, which hides its environment but not its pid."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))
        return process if _serves(process, data) else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _serves(process: psutil.Process, data: Path) -> bool:
    return is_alive(process) and str(data) in process.cmdline()


def _belongs(process: psutil.Process, home: Path, with_variable: str) -> bool:
    try:
        environment = process.environ()
    except (psutil.Error, OSError):
        return False
    return (
        process.pid != os.getpid()
        and environment.get(MARK) == str(home)
        and with_variable in environment
    )


def _end(processes: list[psutil.Process], politely: signal.Signals) -> int:
    for process in processes:
        _send(process, politely)
    until(lambda: not any(map(is_alive, processes)), _GRACE_SECONDS)
    for process in filter(is_alive, processes):
        _send(process, signal.SIGKILL)
    until(lambda: not any(map(is_alive, processes)), _GRACE_SECONDS)
    return len(processes)


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process still runs; one that only waits to be reaped does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _send(process: psutil.Process, what: signal.Signals) -> None:
    try:
        process.send_signal(what)
    except psutil.NoSuchProcess:
        return
