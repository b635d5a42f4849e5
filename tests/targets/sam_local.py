"""`sam local` as a person runs it: a database's settings in, an API or a function's answer out.

The same as a place to compare with others: `on_sam_local`.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import httpx

from devstack.parts import listens
from devstack.ports import LOCALHOST, free_port
from tests.servers import ROOT, wait_until

Completed: TypeAlias = "subprocess.CompletedProcess[str]"

_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class SamLocal:
    """`make sam-local`, running."""

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def request(
        self, path: str, method: str = "GET", body: object = None, **headers: str
    ) -> httpx.Response:
        """Ask it; header names are given with underscores."""
        return httpx.request(
            method,
            f"http://{LOCALHOST}:{self.port}{path}",
            json=body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            timeout=_PATIENCE_SECONDS,
            trust_env=False,
        )

    @property
    def containers(self) -> list[str]:
        """Return the ids of all containers it started."""
        lines = self.log.read_text().splitlines()
        return [line.split(": ")[1] for line in lines if line.startswith("SAM_CONTAINER_ID: ")]


@contextmanager
def sam_local(settings: Mapping[str, str], folder: Path) -> Iterator[SamLocal]:
    """Run `python -m devstack sam-local` for the length of a `with` block."""
    port, log = free_port(), folder / "sam-local.log"
    command = _command("sam-local", "--port", str(port))
    with listening(command, _own(settings), port, log) as process:
        yield SamLocal(port, process, log)


@contextmanager
def listening(
    command: Sequence[str], environment: Mapping[str, str], port: int, log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server for the length of a `with` block, which ends it as Ctrl-C does."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, f"{log.stem} to listen")
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_PATIENCE_SECONDS)


def sam_invoke(event: str, settings: Mapping[str, str], *options: str) -> Completed:
    """Run `python -m devstack sam-invoke`."""
    return subprocess.run(
        _command("sam-invoke", event, *options),
        cwd=ROOT,
        env=_own(settings),
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "devstack", *arguments]


def _own(settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DB_", "KAFKA_", "DEVSTACK_", "COV_"))
    }
    return {**inherited, **settings}
