"""A stand-in for the edge: the page's files as they are, orders as a test says."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import unquote, urlsplit

FRONTEND = Path(__file__).parents[2] / "frontend"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript"}
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@dataclass
class Answer:
    """What a look-up gets; it is held back until `released` is set."""

    body: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    released: Event = field(default_factory=Event)

    @property
    def payload(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def now(body: object, status: int = 200, **headers: str) -> Answer:
    """Make an answer that comes at once; `X_Cache="HIT"` is the header X-Cache."""
    answer = later(body, status, **headers)
    answer.released.set()
    return answer


def later(body: object, status: int = 200, **headers: str) -> Answer:
    """Make an answer that comes when the test releases it."""
    return Answer(body, status, {name.replace("_", "-"): text for name, text in headers.items()})


def problem(status: int, code: str, title: str, **headers: str) -> Answer:
    """Make an RFC 9457 answer."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    return now(body, status, **{"Content_Type": "application/problem+json", **headers})


NOT_FOUND = problem(404, "order_not_found", "There is no such order")


class Site:
    """The page and what it talks to, at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {}
        self.statuses: dict[str, Answer] = {}
        """What /orders/{order_uid}/status answers; what is not set up is not found there either."""

    def forget(self) -> None:
        """Drop what the last test set up."""
        for answer in (*self.answers.values(), *self.statuses.values()):
            answer.released.set()
        self.answers.clear()
        self.statuses.clear()
        self.asked.clear()

    def answer(self, path: str, known: str | None) -> Answer:
        """Answer a request (`known`: its If-None-Match); what is not set up is not found."""
        if status := re.fullmatch("/orders/(.+)/status", path):
            answer = self.statuses.get(unquote(status[1]), NOT_FOUND)
            answer.released.wait(timeout=10)
            return answer
        if not path.startswith("/order/"):
            return _file(path)
        order_uid = unquote(path.removeprefix("/order/"))
        self.asked.append(order_uid)
        answer = self.answers.get(order_uid, NOT_FOUND)
        answer.released.wait(timeout=10)
        if known and known == answer.headers.get("ETag"):
            return Answer(b"", 304, {**answer.headers, "X-Cache": "HIT"}, answer.released)
        return answer


def _file(path: str) -> Answer:
    name = path.removeprefix("/web").removeprefix("/") or "index.html"
    file = FRONTEND / name
    if not file.is_file():
        return now(b"nothing here", 404)
    answer = now(file.read_bytes(), Content_Type=TYPES[file.suffix])
    return replace(answer, headers={**answer.headers, **SECURITY})


@contextmanager
def serving() -> Iterator[Site]:
    """Serve the site on a free port of 127.0.0.1 for the length of a `with` block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one segment an answer

        def do_GET(self) -> None:
            answer = site.answer(urlsplit(self.path).path, self.headers["If-None-Match"])
            payload = b"" if answer.status == 304 else answer.payload
            self.send_response(answer.status)
            headers: dict[str, Any] = {"Content-Length": len(payload), **answer.headers}
            for name, text in headers.items():
                self.send_header(name, str(text))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Site(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        site.forget()
        server.shutdown()
        thread.join()
        server.server_close()
