"""The API asked over real connections, which break."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from threading import Thread

import pytest

from devstack.ports import free_port
from devstack.prove.load.records import Kind, Records
from devstack.prove.reads.reading import Reading, reads
from tests.servers import wait_until

RECORDS = Records(3, 400)
SENT = 300
GOOD = {record.key: record for record in RECORDS if record.kind is Kind.GOOD}
BAD = {record.key for record in RECORDS if record.kind is Kind.BAD}


class Api(BaseHTTPRequestHandler):
    """Answers as the service must, or as `lies` has it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits for the acknowledgement of its headers
    lies: Mapping[str, int]
    """Order's id → the status that it gets."""

    def do_GET(self) -> None:
        *_, key = self.path.removesuffix("/status").split("/")
        sent = key in BAD or (key in GOOD and GOOD[key].number < SENT)
        if key in self.lies:
            self._answer(self.lies[key], b"{}", {"Retry-After": "2"})
        elif self.path.endswith("/status"):
            fate = "quarantined" if key in BAD else "stored"
            state = fate if sent else "unknown"
            self._answer(200, json.dumps({"order_uid": key, "state": state}).encode(), {})
        elif sent and key in GOOD:
            value = GOOD[key].value or b""
            self._answer(200, value, {"ETag": f'"{hashlib.sha256(value).hexdigest()}"'})
        else:
            self._answer(404, b'{"code": "order_not_found"}', {})

    do_HEAD = do_GET  # noqa: N815 - the base class looks for this name

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@contextmanager
def _api(port: int, lies: dict[str, int]) -> Iterator[None]:
    """Serve; at the end, connections break as they do when a process is killed."""
    open_ones: list[socket] = []

    class Lying(Api):
        def setup(self) -> None:
            self.lies = lies
            open_ones.append(self.request)
            super().setup()

    server = ThreadingHTTPServer(("127.0.0.1", port), Lying)
    serving = Thread(target=server.serve_forever, args=(0.02,))
    serving.start()
    try:
        yield
    finally:
        server.shutdown()
        for one in open_ones:
            with suppress(OSError):
                one.shutdown(SHUT_RDWR)
        server.server_close()
        serving.join()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def reading(port: int) -> Iterator[Reading]:
    reading = Reading(
        f"http://127.0.0.1:{port}",
        RECORDS,
        sent=lambda: SENT,
        settled_at=lambda number: 0.0 if number < SENT else None,
        now=time.monotonic,
        rate=500,
        seed=1,
    )
    yield reading
    reading.stop()


def test_right_answers_are_counted_and_nothing_else(port: int, reading: Reading) -> None:
    with _api(port, lies={}):
        began = time.monotonic()
        reading.start()
        wait_until(lambda: reading.counts.total() >= 300, "300 questions")
        took = time.monotonic() - began
        reading.stop()

    summary = reads([reading])
    assert summary.violations == ()
    assert summary.counts.keys() == {"200", "404"}
    assert summary.error_rate == 0
    assert 0 < summary.p50_ms <= summary.p99_ms
    assert took >= 0.5, "it asks no faster than it should"


def test_wrong_answers_are_told_with_the_order_and_what_was_wrong(
    port: int, reading: Reading
) -> None:
    first, second, *_ = GOOD
    with _api(port, lies={first: 404, second: 500}):
        reading.start()
        wait_until(lambda: len(reading.violations) > 9, "ten violations")
        reading.stop()

    assert reading.counts["violation"] >= 10
    told = "\n".join(reading.violations)
    assert f"/order/{first} (record {GOOD[first].number}, good): not found, though it had" in told
    assert f"/order/{second} (record {GOOD[second].number}, good): 500: {{}}" in told


def test_a_store_that_is_away_is_counted_as_an_error(port: int, reading: Reading) -> None:
    with _api(port, lies=dict.fromkeys([*GOOD, *BAD], 503)):
        reading.start()
        wait_until(lambda: reading.counts.total() >= 50, "questions")
        reading.stop()

    assert reads([reading]).counts.keys() == {"503"}
    assert reads([reading]).error_rate == 1


def test_a_server_that_goes_away_is_asked_again_when_it_is_back(
    port: int, reading: Reading
) -> None:
    reading.start()
    _wait_for_more(reading, "unavailable")
    for _ in range(2):
        with _api(port, lies={}):
            _wait_for_more(reading, "200")
        _wait_for_more(reading, "unavailable")
    reading.stop()

    assert reading.violations == []


def _wait_for_more(reading: Reading, outcome: str) -> None:
    before = reading.counts[outcome]
    wait_until(lambda: reading.counts[outcome] > before + 5, f"more of {outcome}")
