"""Lambda Invoke API: HTTP requests of any AWS SDK in, results of the functions' pools out.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import asyncio
import base64
import binascii
import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, unquote
from uuid import uuid4

from devstack import asgi
from devstack.runtime.functions import FunctionNotFoundError, Functions
from devstack.runtime.invocation import Invocation, InvocationResult
from devstack.runtime.pool import FunctionPool
from devstack.runtime.scaling import ThrottledError

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_EVENT_BYTES = {"RequestResponse": 6_291_456, "Event": 1_048_576, "DryRun": 6_291_456}

# Parsing 6 MB would hold the event loop for tens of milliseconds; the runtime does it anyway.
_PARSED_HERE_BYTES = 262_144
_ROUTE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_JSON = (b"content-type", b"application/json")


class _ApiError(Exception):
    def __init__(self, status: HTTPStatus, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body = json.dumps({"Type": "User", "message": message, **more}).encode()


@dataclass(frozen=True, slots=True)
class _Request:
    pool: FunctionPool
    invocation: Invocation
    kind: str
    log_tail: bool


class InvokeApi:
    """The ASGI application; `GET /health` says that it listens."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        """Serve one request."""
        if scope["path"] == "/health":
            await asgi.answer(send, HTTPStatus.OK, [_JSON], b'{"status":"ok"}')
            return
        try:
            await self._serve(await self._read(scope, receive), send)
        except _ApiError as error:
            await _refuse(send, error)
        except FunctionNotFoundError as error:
            await _refuse(
                send, _ApiError(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", str(error))
            )
        except ThrottledError as error:
            await _refuse(send, _throttled(error))

    async def _read(self, scope: asgi.Scope, receive: asgi.Receive) -> _Request:
        route = _ROUTE.fullmatch(scope["raw_path"].decode())
        if route is None or scope["method"] != "POST":
            raise _ApiError(HTTPStatus.NOT_FOUND, "UnknownOperationException", "Unknown operation.")
        headers = dict(scope["headers"])
        kind = headers.get(b"x-amz-invocation-type", b"RequestResponse").decode()
        if kind not in MAX_EVENT_BYTES:
            message = f"Value '{kind}' at 'invocationType' failed to satisfy constraint"
            raise _ApiError(HTTPStatus.BAD_REQUEST, "InvalidParameterValueException", message)
        event = await _event(scope, receive, kind)
        qualifier = parse_qs(scope["query_string"].decode()).get("Qualifier", [None])[0]
        return _Request(
            pool=self._functions.pool(unquote(route[1]), qualifier),
            invocation=Invocation(event=event, client_context=_client_context(headers)),
            kind=kind,
            log_tail=headers.get(b"x-amz-log-type") == b"Tail",
        )

    async def _serve(self, request: _Request, send: asgi.Send) -> None:
        match request.kind:
            case "DryRun":
                await _accept(send, HTTPStatus.NO_CONTENT, str(uuid4()))
            case "Event":
                self._run_on(request)
                await _accept(send, HTTPStatus.ACCEPTED, request.invocation.request_id)
            case _:
                result = await request.pool.invoke(request.invocation)
                await _answer(send, result, with_log_tail=request.log_tail)

    def _run_on(self, request: _Request) -> None:
        """Run an asynchronous invocation; nobody learns its result but the log."""
        task = asyncio.get_running_loop().create_task(_run(request))
        self._running.add(task)
        task.add_done_callback(self._running.discard)


async def _run(request: _Request) -> None:
    while True:
        try:
            await request.pool.invoke(request.invocation)
        except ThrottledError:
            # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html:
            # a throttled event goes back to the queue and is tried again, after a second at first.
            await asyncio.sleep(1)
        else:
            return


async def _event(scope: asgi.Scope, receive: asgi.Receive, kind: str) -> bytes:
    limit = MAX_EVENT_BYTES[kind]
    try:
        event = await asgi.read_body(scope, receive, limit)
    except asgi.BodyTooLargeError as error:
        message = (
            f"{error.length} byte payload is too large for the {kind} invocation type "
            f"(limit {limit} bytes)"
        )
        raise _ApiError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestTooLargeException", message
        ) from error
    except asgi.IncompleteBodyError as error:
        raise _not_json(str(error)) from error
    if len(event) <= _PARSED_HERE_BYTES:
        _check_json(event)
    return event or b"{}"


def _check_json(event: bytes) -> None:
    if not event:
        return
    try:
        json.loads(event)
    except ValueError as error:
        raise _not_json(str(error)) from error


def _not_json(reason: str) -> _ApiError:
    message = f"Could not parse request body into json: {reason}"
    return _ApiError(HTTPStatus.BAD_REQUEST, "InvalidRequestContentException", message)


def _check_unmarshalled(payload: bytes) -> None:
    error = json.loads(payload)
    if error.get("errorType") == "Runtime.UnmarshalError":  # it was too large to be parsed here
        raise _not_json(error["errorMessage"])


def _client_context(headers: dict[bytes, bytes]) -> str | None:
    encoded = headers.get(b"x-amz-client-context")
    if encoded is None:
        return None
    try:
        return json.dumps(json.loads(base64.b64decode(encoded)))
    except (binascii.Error, ValueError) as error:
        message = "Client context must be a valid Base64-encoded JSON object."
        raise _ApiError(
            HTTPStatus.BAD_REQUEST, "InvalidRequestContentException", message
        ) from error


def _throttled(error: ThrottledError) -> _ApiError:
    return _ApiError(
        HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequestsException", str(error), Reason=error.reason
    )


async def _answer(send: asgi.Send, result: InvocationResult, *, with_log_tail: bool) -> None:
    if result.failed:
        _check_unmarshalled(result.payload)
    headers = [
        _JSON,
        (b"x-amzn-requestid", result.request_id.encode()),
        (b"x-amz-executed-version", b"$LATEST"),
    ]
    if result.failed:
        headers.append((b"x-amz-function-error", b"Unhandled"))
    if with_log_tail:
        headers.append((b"x-amz-log-result", base64.b64encode(result.log_tail)))
    await asgi.answer(send, HTTPStatus.OK, headers, result.payload)


async def _accept(send: asgi.Send, status: HTTPStatus, request_id: str) -> None:
    await asgi.answer(send, status, [(b"x-amzn-requestid", request_id.encode())])


async def _refuse(send: asgi.Send, error: _ApiError) -> None:
    headers = [
        _JSON,
        (b"x-amzn-requestid", str(uuid4()).encode()),
        (b"x-amzn-errortype", error.code.encode()),
    ]
    await asgi.answer(send, error.status, headers, error.body)
