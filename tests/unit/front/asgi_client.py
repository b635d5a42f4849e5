"""A client of an ASGI application, without sockets: a request in, the answer out."""

from dataclasses import dataclass
from typing import Any

from devstack import asgi


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def request(  # noqa: PLR0913 - what a request consists of
    application: asgi.Application,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    host: str = "127.0.0.1:8080",
) -> Answer:
    pairs = [("host", host), *(headers or {}).items()]
    if body:
        pairs.append(("content-length", str(len(body))))
    scope = {
        "type": "http",
        "method": method,
        "raw_path": path.encode(),
        "path": path,
        "query_string": query.encode(),
        "http_version": "1.1",
        "scheme": "http",
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8080),
        "headers": [(name.lower().encode(), value.encode()) for name, value in pairs],
    }
    return await _exchange(application, scope, body)


async def _exchange(application: asgi.Application, scope: asgi.Scope, body: bytes) -> Answer:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - any ASGI message
        sent.append(message)

    await application(scope, receive, send)
    start, content = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], headers, content["body"])
