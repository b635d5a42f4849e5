"""Deployed API: requests for the template's routes in, the answers of an API Gateway elsewhere out.

Invariant: path, query and bodies go through byte for byte; headers of one hop do not.
"""

from http import HTTPStatus

import httpx

from devstack import asgi
from devstack.front.gateway import MAX_BODY_BYTES, refusal
from devstack.front.proxy_response import HOP_BY_HOP, Response
from devstack.front.routes import Match, RouteTable

_NOT_PASSED_ON = {
    *HOP_BY_HOP,
    *("expect", "host", "te"),
    # LocalStack answers what is compressed in base64: it heeds no */* of BinaryMediaTypes.
    "accept-encoding",
}
_NOT_PASSED_BACK = {*HOP_BY_HOP, "date", "server", "x-localstack"}


class DeployedApi:
    """Serves what the routes match; it stands where `Gateway` does."""

    def __init__(self, routes: RouteTable, api: httpx.AsyncClient) -> None:
        """Take a client whose base address is the API's stage."""
        self.routes = routes
        self._api = api

    async def serve(
        self,
        _match: Match,
        scope: asgi.Scope,
        receive: asgi.Receive,
        send: asgi.Send,
        added: asgi.Headers,
    ) -> None:
        """Answer one request; `added` are headers that every answer gets."""
        answer = await self._response(scope, receive)
        await asgi.answer(send, answer.status, [*answer.headers, *added], answer.body)

    async def _response(self, scope: asgi.Scope, receive: asgi.Receive) -> Response:
        try:
            body = await asgi.read_body(scope, receive, MAX_BODY_BYTES)
            return await self._ask(scope, body)
        except asgi.BodyTooLargeError:
            return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Too Long")
        except asgi.IncompleteBodyError:
            return refusal(HTTPStatus.BAD_REQUEST, "Bad Request")
        except httpx.TimeoutException:
            return refusal(HTTPStatus.GATEWAY_TIMEOUT, "Endpoint request timed out")
        except httpx.TransportError:
            return refusal(HTTPStatus.BAD_GATEWAY, "Internal server error")

    async def _ask(self, scope: asgi.Scope, body: bytes) -> Response:
        request = httpx.Request(
            scope["method"],
            self._api.base_url,
            headers=[each for each in scope["headers"] if _is_passed(each, _NOT_PASSED_ON)],
            content=body,
            # Otherwise dots and percent signs would be put in order on the way.
            extensions={"target": self._target(scope), "timeout": self._api.timeout.as_dict()},
        )
        answer = await self._api.send(request, stream=True)
        try:
            content = b"".join([chunk async for chunk in answer.aiter_raw()])
        finally:
            await answer.aclose()
        headers = [
            (name.lower(), value)
            for name, value in answer.headers.raw
            if _is_passed((name, value), _NOT_PASSED_BACK)
        ]
        return Response(answer.status_code, headers, content)

    def _target(self, scope: asgi.Scope) -> bytes:
        target = self._api.base_url.raw_path.rstrip(b"/") + bytes(scope["raw_path"])
        query = bytes(scope["query_string"])
        return target + b"?" + query if query else target


def _is_passed(header: tuple[bytes, bytes], kept_back: set[str]) -> bool:
    return header[0].decode("latin-1").lower() not in kept_back
