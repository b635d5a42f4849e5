"""Edge: every HTTP request in, the API's answer or a file of the site out (CloudFront's part).

Invariant: one origin for page and API; what no route of the template serves is the site's.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol

import httpx

from devstack import asgi
from devstack.front.routes import Match, RouteTable

NO_SNIFF = (b"x-content-type-options", b"nosniff")
_CONTENT_SECURITY_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    b"img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SITE_HEADERS: asgi.Headers = [
    NO_SNIFF,
    (b"content-security-policy", _CONTENT_SECURITY_POLICY),
    (b"referrer-policy", b"same-origin"),
]
KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_PASSED_ON = {b"if-none-match", b"if-modified-since", b"range"}
_PASSED_BACK = {
    "accept-ranges",
    "cache-control",
    "content-range",
    "content-type",
    "etag",
    "last-modified",
}
WORDS = {
    HTTPStatus.NOT_FOUND: ("not_found", "No page and no resource of the API has this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "The site answers GET and HEAD."),
    HTTPStatus.BAD_GATEWAY: ("site_unavailable", "The S3 server of the site does not answer."),
}


class Api(Protocol):
    """What serves the template's routes."""

    routes: RouteTable

    async def serve(
        self,
        match: Match,
        scope: asgi.Scope,
        receive: asgi.Receive,
        send: asgi.Send,
        added: asgi.Headers,
        /,
    ) -> None:
        """Answer one request; `added` are headers that every answer gets."""


class Edge:
    """The ASGI application of the HTTP ports."""

    def __init__(self, api: Api, site: httpx.AsyncClient) -> None:
        """Take the API, and a client whose base address is the site's bucket."""
        self._api = api
        self._site = site

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        """Serve one request."""
        match = self._api.routes.match(scope["raw_path"].decode("latin-1"))
        if match is not None:
            await self._api.serve(match, scope, receive, send, [NO_SNIFF])
        elif scope["method"] not in {"GET", "HEAD"}:
            await _problem(send, scope, HTTPStatus.METHOD_NOT_ALLOWED, [(b"allow", b"GET, HEAD")])
        else:
            await self._serve_site(scope, send)

    async def _serve_site(self, scope: asgi.Scope, send: asgi.Send) -> None:
        key = site_key(scope["raw_path"].decode("latin-1"))
        if key is None:
            await _problem(send, scope, HTTPStatus.NOT_FOUND)
            return
        conditions = [each for each in scope["headers"] if each[0] in _PASSED_ON]
        try:
            # For HEAD too: a website of LocalStack's refuses it.
            answer = await self._site.get(f"/{key}", headers=conditions)
        except httpx.TransportError:
            await _problem(send, scope, HTTPStatus.BAD_GATEWAY)
            return
        await _pass_back(send, scope, answer)


def site_key(path: str) -> str | None:
    """Name the object of the site for a path; None for what cannot be one."""
    key = path.removeprefix("/").removeprefix("web/")
    if key in {"", "web"}:
        return "index.html"
    return key if KEY.fullmatch(key) else None


async def _pass_back(send: asgi.Send, scope: asgi.Scope, answer: httpx.Response) -> None:
    if answer.status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        await _problem(send, scope, HTTPStatus.NOT_FOUND)
    elif answer.is_server_error:
        await _problem(send, scope, HTTPStatus.BAD_GATEWAY)
    else:
        headers = [*SITE_HEADERS, *_chosen(answer.headers)]
        if scope["method"] == "HEAD" and answer.content:
            length = str(len(answer.content)).encode()
            await asgi.send_head(send, answer.status_code, [*headers, (b"content-length", length)])
        else:
            await asgi.answer(send, answer.status_code, headers, answer.content)


def _chosen(headers: Mapping[str, str]) -> asgi.Headers:
    return [
        (name.encode(), headers[name].encode("latin-1"))
        for name in sorted(_PASSED_BACK)
        if name in headers
    ]


async def _problem(
    send: asgi.Send, scope: asgi.Scope, status: HTTPStatus, more: asgi.Headers | None = None
) -> None:
    """Answer with problem details (RFC 9457)."""
    code, detail = WORDS[status]
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": detail,
        "instance": scope["raw_path"].decode("latin-1"),
    }
    headers = [(b"content-type", b"application/problem+json"), *SITE_HEADERS, *(more or [])]
    await asgi.answer(send, status, headers, json.dumps(problem).encode())
