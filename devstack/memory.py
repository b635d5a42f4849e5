"""The memory of a running stack: its processes in, megabytes by component out."""

import psutil

from devstack.state import State

_MEGABYTE = 1024 * 1024


def megabytes(running: State) -> dict[str, int]:
    """Return proportional set sizes in MB, so that shared pages count once; functions apart."""
    pids = {name: component["pid"] for name, component in running.components.items()}
    used = {"supervisor": _megabytes([psutil.Process(running.pid)])}
    functions: list[psutil.Process] = []
    for name, pid in pids.items():
        if pid is None or not psutil.pid_exists(pid):
            used[name] = 0
            continue
        own = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        runtimes = [process for process in own if _is_function(process)]
        functions += runtimes
        used[name] = _megabytes([process for process in own if process not in runtimes])
    return used | {"functions": _megabytes(functions)}


def _is_function(process: psutil.Process) -> bool:
    try:
        return "awslambdaric" in process.cmdline()
    except psutil.Error:
        return False


def _megabytes(processes: list[psutil.Process]) -> int:
    total = 0
    for process in processes:
        try:
            full = process.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(full, "pss", full.uss)
    return round(total / _MEGABYTE)
