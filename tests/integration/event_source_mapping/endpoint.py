"""A Lambda endpoint that does as it is told: the Invoke API is all a mapping knows of Lambda."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, NamedTuple

ACCEPT = b'{"batchItemFailures": []}'


class Reply(NamedTuple):
    body: bytes = ACCEPT
    status: int = 200
    headers: Mapping[str, str] = {}


FUNCTION_ERROR = Reply(
    b'{"errorMessage": "no", "errorType": "ValueError"}',
    headers={"X-Amz-Function-Error": "Unhandled"},
)


class Place(NamedTuple):
    partition: int
    offset: int


@dataclass(frozen=True)
class Invocation:
    path: str
    body: bytes
    received_at: float
    """Seconds since the epoch, as Kafka's timestamps."""

    @cached_property
    def event(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        return [record for some in self.event["records"].values() for record in some]

    @property
    def places(self) -> list[Place]:
        return [Place(record["partition"], record["offset"]) for record in self.records]


class LambdaEndpoint:
    def __init__(self, port: int = 0) -> None:
        self.invocations: list[Invocation] = []
        self.answer: Callable[[Invocation], Reply] = lambda _: Reply()
        self._lock = Lock()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # whoever was sending it was killed
                    self.close_connection = True
                    return
                reply = endpoint.receive(self.path, body)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def receive(self, path: str, body: bytes) -> Reply:
        invocation = Invocation(path, body, time.time())
        with self._lock:
            self.invocations.append(invocation)
        return self.answer(invocation)

    def places(self) -> list[Place]:
        return [place for invocation in list(self.invocations) for place in invocation.places]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def lambda_endpoint(port: int = 0) -> Iterator[LambdaEndpoint]:
    endpoint = LambdaEndpoint(port)
    try:
        yield endpoint
    finally:
        endpoint.close()
