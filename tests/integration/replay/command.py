"""`python -m devstack replay` as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.servers import ROOT


class Done(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def summary(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.out)


class ReplayCommand:
    def __init__(self, home: Path, endpoint_url: str) -> None:
        self.home = home
        self._endpoint_url = endpoint_url

    def start(self, *arguments: object) -> "subprocess.Popen[str]":
        """Start the command; `--json` and the endpoint are given."""
        words = [*map(str, arguments), "--json", "--endpoint-url", self._endpoint_url]
        return subprocess.Popen(
            [sys.executable, "-m", "devstack", "replay", *words],
            cwd=ROOT,
            env={**os.environ, "DEVSTACK_HOME": str(self.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: object) -> Done:
        """Run the command to its end."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=60)
        return Done(process.returncode, out, err)
