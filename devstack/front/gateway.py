"""Gateway: HTTP requests for the template's routes in, the functions' answers out.

A REST API with Lambda proxy integrations; the function is invoked in this process, with no server
in between. Invariant: a client never sees more of a failing function than AWS shows.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from uuid import uuid4

from devstack import asgi
from devstack.front import proxy_event, proxy_response
from devstack.front.proxy_response import MalformedResponseError, Response
from devstack.front.routes import Match, RouteTable
from devstack.runtime.invocation import Invocation, InvocationResult
from devstack.runtime.invoke_api import MAX_EVENT_BYTES
from devstack.runtime.scaling import ThrottledError

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
INTEGRATION_TIMEOUT_SECONDS = 29
MAX_BODY_BYTES = 10 * 1024 * 1024

_REFUSALS: Mapping[type[Exception], tuple[HTTPStatus, str]] = {
    asgi.BodyTooLargeError: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Too Long"),
    asgi.IncompleteBodyError: (HTTPStatus.BAD_REQUEST, "Bad Request"),
    TimeoutError: (HTTPStatus.GATEWAY_TIMEOUT, "Endpoint request timed out"),
    MalformedResponseError: (HTTPStatus.BAD_GATEWAY, "Internal server error"),
    # https://repost.aws/questions/QUfI6bsdd0SOiPeyimzxSkfQ: Lambda's 429 becomes a 500.
    ThrottledError: (HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error"),
}


class Gateway:
    """Serves what the routes match; `invoke` takes a function's name and an invocation."""

    def __init__(
        self,
        routes: RouteTable,
        invoke: Callable[[str, Invocation], Awaitable[InvocationResult]],
        timeout_seconds: float = INTEGRATION_TIMEOUT_SECONDS,
    ) -> None:
        self.routes = routes
        self._function = invoke
        self._timeout_seconds = timeout_seconds

    async def serve(
        self,
        match: Match | None,
        scope: asgi.Scope,
        receive: asgi.Receive,
        send: asgi.Send,
        added: asgi.Headers,
    ) -> None:
        """Answer one request; `added` are headers that every answer gets."""
        request_id = str(uuid4())
        answer = await self._response(match, scope, receive, request_id)
        headers = [*answer.headers, (b"x-amzn-requestid", request_id.encode()), *added]
        await asgi.answer(send, answer.status, headers, answer.body)

    async def _response(
        self, match: Match | None, scope: asgi.Scope, receive: asgi.Receive, request_id: str
    ) -> Response:
        """Invoke, and word what goes wrong as API Gateway does.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
        """
        function = match.function(scope["method"]) if match else None
        if match is None or function is None:
            return refusal(HTTPStatus.FORBIDDEN, "Missing Authentication Token")
        try:
            body = await asgi.read_body(scope, receive, MAX_BODY_BYTES)
            event = proxy_event.event(scope, match, body, request_id)
            return await self._invoke(function, Invocation(event=event))
        except tuple(_REFUSALS) as error:
            return refusal(*_REFUSALS[type(error)])

    async def _invoke(self, function: str, invocation: Invocation) -> Response:
        if len(invocation.event) > MAX_EVENT_BYTES["RequestResponse"]:
            raise asgi.BodyTooLargeError(len(invocation.event))
        async with asyncio.timeout(self._timeout_seconds):
            result = await self._function(function, invocation)
        if result.failed:
            raise MalformedResponseError
        return proxy_response.response(result.payload)


def refusal(status: HTTPStatus, message: str) -> Response:
    """Word a refusal as API Gateway does."""
    body = json.dumps({"message": message}).encode()
    return Response(status, [(b"content-type", b"application/json")], body)
