"""A snapshot of a function: AWS's runtime client held where Lambda freezes it, until restored.

Its Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from devstack.runtime.configuration import FunctionConfiguration
from tests.servers import ROOT

_SECONDS = 30


class Snapshot:
    """One environment between its init and its restore, and afterwards."""

    def __init__(self) -> None:
        self.errors: list[tuple[str, Any]] = []
        """Path and body of whatever the runtime reported as an error."""
        self._taken, self._restored = Event(), Event()
        self._events: SimpleQueue[Any] = SimpleQueue()
        self._answers: SimpleQueue[Any] = SimpleQueue()
        self._ready = Event()

    def restore(self) -> None:
        """Let the environment go on, and wait until it asks for its first event."""
        self._restored.set()
        assert self._ready.wait(_SECONDS), self.errors

    def invoke(self, event: Any) -> Any:  # noqa: ANN401 - JSON
        self._events.put(event)
        return self._answers.get(timeout=_SECONDS)

    def wait(self) -> None:
        """Wait until the init is through."""
        assert self._taken.wait(_SECONDS), self.errors

    # What the Runtime API is asked.

    def asked(self, path: str) -> Any:  # noqa: ANN401 - JSON
        if path == "/2018-06-01/runtime/restore/next":
            self._taken.set()
            self._restored.wait(_SECONDS)
            return {}
        self._ready.set()
        return self._events.get()

    def told(self, path: str, body: Any) -> None:  # noqa: ANN401 - JSON
        if path.endswith("/response"):
            self._answers.put(body)
        else:
            self.errors.append((path, body))


@contextmanager
def snapshot(function: str, environment: Mapping[str, str]) -> Iterator[Snapshot]:
    """Start a function under SnapStart, and wait until its snapshot would be taken."""
    held = Snapshot()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(HTTPStatus.OK, held.asked(self.path))

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            held.told(self.path, json.loads(self.rfile.read(length)))
            self._answer(HTTPStatus.ACCEPTED, {})

        def _answer(self, status: HTTPStatus, document: Any) -> None:  # noqa: ANN401 - JSON
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Lambda-Runtime-Aws-Request-Id", "request")
            self.send_header("Lambda-Runtime-Deadline-Ms", "99999999999999")
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        address = f"127.0.0.1:{server.server_port}"
        process = _start(function, environment, address)
        try:
            held.wait()
            yield held
        finally:
            process.kill()
            process.wait()
            server.shutdown()


def _start(function: str, environment: Mapping[str, str], address: str) -> subprocess.Popen[bytes]:
    configuration = FunctionConfiguration(
        name=function,
        handler="app.lambda_handler",
        code=ROOT / "functions" / function,
        layers=(ROOT / "layers" / "orders",),
        environment=environment,
    )
    variables = configuration.variables(address)
    return subprocess.Popen(
        configuration.command,
        cwd=configuration.code,
        env={**variables, "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"},
    )
