"""The Runtime API reads what a runtime client sends, in whatever pieces it arrives."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.runtime.runtime_api import RuntimeConnection

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
RESPONSE = (
    b"POST /2018-06-01/runtime/invocation/7/response HTTP/1.1\r\n"
    b"Content-Length: 4\r\nContent-Type: application/json\r\n\r\nnull"
)
ERROR = b"POST /2018-06-01/runtime/invocation/8/error HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}"
INIT_ERROR = b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]"


class RecordingEnvironment:
    """Hand-written stand-in of an environment."""

    def __init__(self, status: HTTPStatus = HTTPStatus.ACCEPTED) -> None:
        self.heard: list[tuple[str, ...] | tuple[str, str, bytes]] = []
        self._status = status

    def next_requested(self, runtime: RuntimeConnection) -> None:
        del runtime
        self.heard.append(("next",))

    def response_posted(self, request_id: str, payload: bytes) -> HTTPStatus:
        self.heard.append(("response", request_id, payload))
        return self._status

    def error_posted(self, request_id: str, payload: bytes) -> HTTPStatus:
        self.heard.append(("error", request_id, payload))
        return self._status

    def init_error_posted(self, payload: bytes) -> HTTPStatus:
        self.heard.append(("init error", "", payload))
        return self._status


class RecordingTransport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))


def connected(environment: RecordingEnvironment) -> tuple[RuntimeConnection, RecordingTransport]:
    connection, transport = RuntimeConnection(environment), RecordingTransport()
    connection.connection_made(transport)
    return connection, transport


@given(cuts=st.lists(st.integers(0, len(NEXT + RESPONSE + ERROR + INIT_ERROR)), max_size=12))
def test_requests_are_understood_however_they_are_cut(cuts: list[int]) -> None:
    stream = NEXT + RESPONSE + ERROR + INIT_ERROR
    environment = RecordingEnvironment()
    connection, _ = connected(environment)

    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(stream)], strict=True):
        connection.data_received(stream[start:end])

    assert environment.heard == [
        ("next",),
        ("response", "7", b"null"),
        ("error", "8", b"{}"),
        ("init error", "", b"[]"),
    ]


def test_an_event_is_one_write_with_a_content_type() -> None:
    connection, transport = connected(RecordingEnvironment())

    connection.send_event("Lambda-Runtime-Aws-Request-Id: 7\r\n", b'{"a": 1}')

    (written,) = transport.writes
    head, body = written.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Type: application/json" in head
    assert b"Content-Length: 8" in head
    assert b"Lambda-Runtime-Aws-Request-Id: 7" in head
    assert body == b'{"a": 1}'


@pytest.mark.parametrize("status", [HTTPStatus.ACCEPTED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE])
def test_the_runtime_is_told_what_the_environment_says(status: HTTPStatus) -> None:
    connection, transport = connected(RecordingEnvironment(status))

    connection.data_received(RESPONSE)

    assert transport.writes[0].startswith(f"HTTP/1.1 {status.value} ".encode())


def test_an_unknown_path_is_not_found() -> None:
    connection, transport = connected(RecordingEnvironment())

    connection.data_received(b"GET /2018-06-01/runtime/elsewhere HTTP/1.1\r\n\r\n")

    assert transport.writes[0].startswith(b"HTTP/1.1 404 ")
