"""`python -m devstack esm` as a person runs it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import psutil

from devstack import leftovers
from tests.servers import ROOT, wait_until

START_SECONDS = 60


def environment(home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
    return {**own, "DEVSTACK_HOME": str(home), **settings}


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "devstack", "esm", *map(str, words)]


def refused(home: Path, *words: object, **settings: str) -> str:
    """Run a command that does not start; return what it says."""
    done = subprocess.run(
        command(*words),
        cwd=ROOT,
        env=environment(home, settings),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    return done.stderr


class Esm:
    """A running command; use it in a `with` block, which leaves nothing behind."""

    def __init__(self, home: Path, *words: object, **settings: str) -> None:
        self._home = home
        self._output = home / "esm.log"
        home.mkdir(parents=True, exist_ok=True)
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                command(*words),
                cwd=ROOT,
                env=environment(home, settings),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        wait_until(self._is_up_or_ended, "the mappings to run", START_SECONDS)
        assert self._process.poll() is None, self.output()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(20)
        for folder in (self._home / "esm").iterdir():
            leftovers.end(folder)

    def output(self) -> str:
        return self._output.read_text(errors="replace")

    def address_of(self, what: str) -> str:
        """Find an address in a line that says where something is."""
        found = re.search(rf"{what}.* at (http://[\d.:]+)", self.output())
        assert found, self.output()
        return found[1]

    def processes(self) -> list[psutil.Process]:
        own = psutil.Process(self._process.pid)
        return [own, *own.children(recursive=True)]

    def stop(self) -> tuple[int, float]:
        """Send SIGTERM; return exit status and seconds."""
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20), time.monotonic() - began

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def _is_up_or_ended(self) -> bool:
        return "running (Ctrl-C" in self.output() or self._process.poll() is not None
