"""The status command: a running stack in, its components, memory and addresses out."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from devstack import state
from devstack.console import say
from devstack.settings import LOCALHOST, Settings
from devstack.state import State

_MEGABYTE = 1024 * 1024


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack status`."""
    parser.add_argument("--json", action="store_true", help="print the status as JSON")


def run(arguments: Namespace, settings: Settings) -> int:
    """Print what runs and how much memory it uses; 0 when everything answers.

    Raises `UserError` when no stack runs.
    """
    running = state.running(settings)
    status = _status(running, settings)
    if arguments.json:
        say(json.dumps(status))
    else:
        _print(status)
    return 0 if status["up"] else 1


def _status(running: State, settings: Settings) -> dict[str, Any]:
    memory = _memory(running)
    components = {
        name: {**component, "megabytes": memory[name]}
        for name, component in running.components.items()
    }
    answering = all(component["state"] == "running" for component in components.values())
    return {
        "up": running.up and answering,
        "pid": running.pid,
        "components": components,
        "supervisor_megabytes": memory["supervisor"],
        "functions_megabytes": memory["functions"],
        "megabytes": sum(memory.values()),
        "addresses": asdict(running.addresses),
        "home": str(settings.home),
    }


def _memory(running: State) -> dict[str, int]:
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


def _print(status: dict[str, Any]) -> None:
    table = Table("component", "state", "pid", "restarts", "MB", box=None, pad_edge=False)
    for name, component in status["components"].items():
        cells = (component["state"], component["pid"], component["restarts"])
        table.add_row(name, *map(str, cells), str(component["megabytes"]))
    table.add_row("functions", "", "", "", str(status["functions_megabytes"]))
    table.add_row(
        "supervisor", "running", str(status["pid"]), "", str(status["supervisor_megabytes"])
    )
    table.add_row("together", "", "", "", str(status["megabytes"]))
    console = Console(highlight=False)
    console.print(table)
    for port in status["addresses"]["http_ports"]:
        console.print(f"http://{LOCALHOST}:{port}/")
    console.print("up" if status["up"] else "not everything answers; see `make logs`")
