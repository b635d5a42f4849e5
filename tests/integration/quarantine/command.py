"""`python -m devstack quarantine` as a process of its own, on a database of the test's own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.servers import ROOT

_PATIENCE_SECONDS = 120


class Done(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """Return what was printed as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def summary(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.out)


class QuarantineCommand:
    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        own = {"DEVSTACK_HOME": str(home), "LOGNAME": "ann", "PYTHONUNBUFFERED": ""}
        self._environment = {**environment, **own}

    def start(self, *arguments: object, **more: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "devstack", "quarantine", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **self._environment, **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __call__(self, *arguments: object, typed: str = "", **more: str) -> Done:
        """Run the command to its end; `more` are variables of its environment."""
        done = self.bytes(*arguments, typed=typed, **more)
        return Done(done[0], done[1].decode(), done[2].decode())

    def bytes(self, *arguments: object, typed: str = "", **more: str) -> tuple[int, bytes, bytes]:
        """Run the command and return exactly what it wrote."""
        with self.start(*arguments, **more) as process:
            out, err = process.communicate(typed.encode(), timeout=_PATIENCE_SECONDS)
        return process.returncode, out, err
