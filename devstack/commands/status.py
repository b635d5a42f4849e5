"""The status command: a running stack in, its components, mappings, memory and addresses out."""

import json
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from threading import Event
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table

from devstack import mappings, memory, state
from devstack.console import say
from devstack.ports import LOCALHOST
from devstack.settings import Settings

Status = dict[str, Any]

REDRAW_SECONDS = 1.0
_SIGN_IN = re.compile(r"(?<=//)[^/,]*@")
"""What stands before the host in an address."""


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack status`."""
    parser.add_argument("--json", action="store_true", help="print the status as JSON, in one line")
    parser.add_argument("--watch", action="store_true", help="show it anew every second")


def run(arguments: Namespace, settings: Settings) -> int:
    """Print what runs, how far its mappings are and what it uses; 0 when everything answers.

    Watched, it goes on until Ctrl-C. Raises `UserError` when neither a stack nor an `esm` runs.
    """
    status = _status(settings)
    with _display(as_json=arguments.json, live=arguments.watch) as show:
        show(status)
        if arguments.watch:
            _watch(settings, show)
    return 0 if status["up"] else 1


def _watch(settings: Settings, show: Callable[[Status], None]) -> None:
    with suppress(KeyboardInterrupt):
        while not Event().wait(REDRAW_SECONDS):
            show(_status(settings))


def _status(settings: Settings) -> Status:
    others = mappings.read_others(settings.home)
    if others and state.read(settings.home) is None:
        return {"up": True, "mappings": others, "home": str(settings.home)}
    status = _status_of_stack(settings)
    return {**status, "mappings": {**status["mappings"], **others}}


def _status_of_stack(settings: Settings) -> Status:
    running = state.running(settings)
    used = memory.megabytes(running)
    components = {
        name: {**component, "megabytes": used[name]}
        for name, component in running.components.items()
    }
    answering = all(component["state"] == "running" for component in components.values())
    return {
        "up": running.up and answering,
        "pid": running.pid,
        "components": components,
        "supervisor_megabytes": used["supervisor"],
        "functions_megabytes": used["functions"],
        "megabytes": sum(used.values()),
        "mappings": mappings.read(settings.home),
        "addresses": _without_passwords(asdict(running.addresses)),
        "home": str(settings.home),
    }


def _without_passwords(addresses: Mapping[str, Any]) -> Mapping[str, Any]:
    urls = {name: _SIGN_IN.sub("", addresses[name]) for name in ("nats_url", "cache_url")}
    return {**addresses, **urls}


@contextmanager
def _display(*, as_json: bool, live: bool) -> Iterator[Callable[[Status], None]]:
    """Give what shows a status: a line, a block, or on a terminal the same place again."""
    console = Console(highlight=False, markup=False)
    if as_json:
        yield lambda status: say(json.dumps(status))
    elif live and console.is_terminal:
        with Live(console=console, auto_refresh=False) as drawing:
            yield lambda status: drawing.update(_drawn(status), refresh=True)
    else:
        yield lambda status: console.print(_drawn(status))


def _drawn(status: Status) -> RenderableType:
    if "components" not in status:
        return mappings.tables(status["mappings"])
    addresses = [f"http://{LOCALHOST}:{port}/" for port in status["addresses"]["http_ports"]]
    verdict = "up" if status["up"] else "not everything answers; see `make logs`"
    return Group(_components(status), mappings.tables(status["mappings"]), "", *addresses, verdict)


def _components(status: Status) -> RenderableType:
    table = Table("component", "state", "pid", "restarts", "MB", box=None, pad_edge=False)
    for name, component in status["components"].items():
        cells = (component["state"], component["pid"], component["restarts"])
        table.add_row(name, *map(str, cells), str(component["megabytes"]))
    table.add_row("functions", "", "", "", str(status["functions_megabytes"]))
    table.add_row(
        "supervisor", "running", str(status["pid"]), "", str(status["supervisor_megabytes"])
    )
    table.add_row("together", "", "", "", str(status["megabytes"]))
    return table
