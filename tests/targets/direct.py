"""Direct calls: an event in, what `lambda_handler(event, context)` returns out.

Each function has a process of its own, as in Lambda, and it ends when the function's time is up;
nothing else stands between the event and the handler. The other places are compared with this one.
"""

import json
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from devstack import template
from devstack.front import proxy_response
from devstack.front.routes import RouteTable
from devstack.runtime.configuration import FunctionConfiguration
from devstack.runtime.invocation import timed_out
from devstack.sam.functions import Function
from devstack.stack import TEMPLATE
from tests.servers import PostgresServer
from tests.targets.database import migrated
from tests.targets.place import INGEST_SECONDS, Answer

CALLING: Final = Path(__file__).with_name("calling.py")
_INIT_SECONDS: Final = 10


class _Process:
    """A function's process: `call` as often as it has time for, `end`."""

    def __init__(self, function: Function) -> None:
        configuration = FunctionConfiguration(
            name=function.name,
            handler=function.handler,
            code=function.code,
            layers=function.layers,
            environment=function.environment,
            memory_megabytes=function.memory_megabytes,
        )
        self._process = subprocess.Popen(
            [sys.executable, str(CALLING), function.handler],
            env=configuration.variables(runtime_api=""),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read(_INIT_SECONDS) == "null", f"{function.logical_id} does not start"

    def call(self, event: Mapping[str, Any], request_id: str, seconds: float) -> str | None:
        """Return the answer as JSON; None, and the process is ended, when there is none in time."""
        assert self._process.stdin
        asked = {"event": event, "request_id": request_id, "seconds": seconds}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = self._read(seconds)
        if answer is None:
            self.end()
        return answer

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _read(self, seconds: float) -> str | None:
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        return self._process.stdout.readline().rstrip("\n") if ready else None


class Direct:
    """The handlers themselves."""

    def __init__(self, database: Mapping[str, str]) -> None:
        self.database = database
        parameters = {
            "DatabaseHost": database["DB_HOST"],
            "DatabasePort": database["DB_PORT"],
            "DatabaseUser": database["DB_USER"],
            "DatabasePassword": database["DB_PASSWORD"],
            "DatabaseName": database["DB_NAME"],
            "IngestTimeoutSeconds": str(INGEST_SECONDS),
        }
        described = template.read(TEMPLATE, parameters)
        self._functions = described.functions
        self._routes = RouteTable(described.routes)
        self._processes: dict[str, _Process] = {}

    def invoke(self, function: str, event: Mapping[str, Any]) -> Answer:
        """Call the handler, and word its time-out as AWS does."""
        request_id, seconds = str(uuid4()), self._functions[function].timeout_seconds
        if function not in self._processes:
            self._processes[function] = _Process(self._functions[function])
        payload = self._processes[function].call(event, request_id, seconds)
        if payload is None:
            del self._processes[function]
            error = timed_out(request_id, seconds).payload.decode()
            return Answer(200, error, function_error="Unhandled")
        return Answer(200, payload)

    def request(self, event: Mapping[str, Any]) -> Answer:
        """Call the handler of the event's route; read what it returns as API Gateway does."""
        match = self._routes.match(event["path"])
        function = match.function(event["httpMethod"]) if match else None
        assert function, f"no route takes {event['httpMethod']} {event['path']}"
        payload = self.invoke(function, event).body
        answer = proxy_response.response(payload.encode())
        headers = {name.decode(): value.decode() for name, value in answer.headers}
        return Answer(answer.status, answer.body.decode(), headers)

    def close(self) -> None:
        """End the processes."""
        for process in self._processes.values():
            process.end()


@contextmanager
def direct(postgres: PostgresServer) -> Iterator[Direct]:
    """Have the handlers called for the length of a `with` block, over a database of their own."""
    with closing(Direct(migrated(postgres))) as place:
        yield place
