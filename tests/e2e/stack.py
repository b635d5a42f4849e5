"""The whole stack as a person starts it, for tests that look at it from outside."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pg8000.native
import psutil

from devstack import leftovers
from tests.servers import ROOT, temporary_folder, wait_until

PATIENCE_SECONDS = 90
START_SECONDS = 240
"""LocalStack's, on a machine that has other things to do; devstack takes ten."""
_OF_ANOTHER_STACK = ("CACHE", "COV_", "DB_", "HTTP_PORT", "KAFKA_", "NATS_", "SOURCE")
"""What the names of variables begin with that a person may have set for a stack of theirs."""


class Answer:
    """An HTTP answer, read whole."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        return json.loads(self.body)


class Stack:
    """A stack in a folder of its own, driven by the commands that people use.

    `options` are those of `up`.
    """

    def __init__(self, home: Path, *options: str, **settings: str) -> None:
        self.home = home
        self._options = options
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_OF_ANOTHER_STACK)
        }
        self._environment = {**own, "DEVSTACK_HOME": str(home), **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until the sample order can be read."""
        with (self.home / "up.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "devstack", "up", *self._options],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(self._is_up_or_ended, "the stack to be up", START_SECONDS)
        assert self.process.poll() is None, self.log()

    def _is_up_or_ended(self) -> bool:
        return self.process.poll() is not None or bool(self.state().get("up"))

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process
        return self._process

    def state(self) -> dict[str, Any]:
        try:
            state: dict[str, Any] = json.loads((self.home / "run" / "stack.json").read_text())
        except (OSError, ValueError):
            return {}
        # A killed supervisor leaves its last words behind.
        return state if state["pid"] == self.process.pid else {}

    def log(self) -> str:
        return (self.home / "up.log").read_text(errors="replace")

    def pid(self, component: str) -> int:
        return int(self.state()["components"][component]["pid"])

    def is_running_again(self, component: str, killed: int) -> bool:
        """Tell whether a component that was killed by its pid has been restarted."""
        status = self.state()["components"][component]
        return bool(status["state"] == "running" and status["pid"] != killed)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Signal the supervisor and return its exit status."""
        self.process.send_signal(how)
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m devstack …` against this stack."""
        return subprocess.run(
            [sys.executable, "-m", "devstack", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def start_command(
        self, *arguments: str, output: int = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        """Start `python -m devstack …` against this stack, for a test that ends it."""
        return subprocess.Popen(
            [sys.executable, "-m", "devstack", *arguments],
            cwd=ROOT,
            env=self._environment,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )

    def produce(self, **options: object) -> dict[str, Any]:
        """Produce through the command and return its summary."""
        words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        done = self.command("produce", "--json", *words)
        assert done.returncode == 0, done.stderr
        summary: dict[str, Any] = json.loads(done.stdout)
        return summary

    def request(
        self,
        path: str,
        method: str = "GET",
        *,
        port: int | None = None,
        body: bytes | None = None,
        **headers: str,
    ) -> Answer:
        """Ask the edge; header names are given with underscores."""
        http_ports = self.state()["addresses"]["http_ports"]
        connection = HTTPConnection("127.0.0.1", port or http_ports[0], timeout=30)
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, headers=names)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def post(self, path: str, content: object, **headers: str) -> Answer:
        """Post what is dumped as JSON, or bytes as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        typed = {"Content_Type": "application/json", **headers}
        return self.request(path, "POST", port=None, body=body, **typed)

    def sql(self, statement: str, **parameters: object) -> list[list[Any]]:
        """Run a statement in the stack's database."""
        addresses = self.state()["addresses"]
        connection = pg8000.native.Connection(
            "postgres",
            host="127.0.0.1",
            port=addresses["db_port"],
            database="orders_db",
            password="postgres",
            timeout=10,
        )
        try:
            rows: list[list[Any]] = connection.run(statement, **parameters)
            return rows
        finally:
            connection.close()

    def processes(self) -> list[psutil.Process]:
        """Return every process that this stack owns, the supervisor included."""
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]


@contextmanager
def running_stack(*options: str, **settings: str) -> Iterator[Stack]:
    """Run a stack for the length of a `with` block; nothing of it outlives the block."""
    with temporary_folder() as home:
        stack = Stack(home, *options, **settings)
        try:
            stack.start()
            yield stack
        finally:
            if stack.process.poll() is None:
                stack.end()
            leftovers.end(home)
