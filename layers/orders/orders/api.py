"""API: a request from API Gateway in, an order or a problem (RFC 9457) out.

Only here do errors become status codes.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import lookup, migrations, telemetry
from orders.cache import OrderCache
from orders.errors import (
    InvalidRequestError,
    OrderConflictError,
    OrderNotFoundError,
    OrderServiceError,
    StoreUnavailableError,
)

Answer = Response[str]

_READ: Final = ["GET", "HEAD"]
_OTHER: Final = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_RETRY_AFTER_SECONDS: Final = 2
_STATUS: Final = {
    InvalidRequestError: HTTPStatus.BAD_REQUEST,
    OrderNotFoundError: HTTPStatus.NOT_FOUND,
    OrderConflictError: HTTPStatus.CONFLICT,
    StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class OrderReader(lookup.OrderReader, Protocol):
    """Where stored orders are found, and whether it is ready."""

    def is_migrated(self, version: str, *, seconds: float) -> bool:
        """Tell whether the schema has this migration; raises StoreUnavailableError."""


class OrdersApi:
    """The routes that read; HEAD is answered wherever GET is."""

    def __init__(self, cache: OrderCache, reader: OrderReader) -> None:
        self._cache = cache
        self._reader = reader
        self._app = APIGatewayRestResolver()
        routes: dict[str, Callable[..., Answer]] = {
            "/order/order": self._order_of_query,
            "/order/<order_uid>": self._order,
            "/orders/<order_uid>": self._envelope,
            "/cache/stats": self._cache_stats,
            "/health": self._health,
            "/ready": self._ready,
        }
        for path, answer in routes.items():
            self._app.route(path, method=_READ)(answer)
            self._app.route(path, method=_OTHER)(self._method_not_allowed)
        self._app.exception_handler(OrderServiceError)(self._failure)
        self._app.exception_handler(NotFoundError)(self._no_route)

    def answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer a Lambda proxy event of a REST API.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
        """
        answer = self._app.resolve(event, context)
        answer["multiValueHeaders"]["X-Request-Id"] = [context.aws_request_id]
        if event["httpMethod"] == "HEAD":
            answer["body"] = ""
        return answer

    # Routes

    def _order(self, order_uid: str) -> Answer:
        found = lookup.look_up(self._whole(order_uid), self._cache, self._reader)
        return self._found(found, found.order.body, f'"{found.order.digest}"')

    def _order_of_query(self) -> Answer:
        order_uid = self._app.current_event.get_query_string_value("order_uid", "")
        found = lookup.look_up(order_uid or "", self._cache, self._reader)
        return self._found(found, found.order.body, f'"{found.order.digest}"')

    def _envelope(self, order_uid: str) -> Answer:
        found = lookup.look_up(self._whole(order_uid), self._cache, self._reader)
        body = f'{{"order":{found.order.body}}}'
        return self._found(found, body, f'"{found.order.digest}-envelope"')

    def _cache_stats(self) -> Answer:
        return _json(HTTPStatus.OK, asdict(self._cache.stats()))

    def _health(self) -> Answer:
        return _json(HTTPStatus.OK, {"status": "ok"})

    def _ready(self) -> Answer:
        if not self._reader.is_migrated(migrations.NEWEST, seconds=lookup.STORE_SECONDS):
            message = f"Migration {migrations.NEWEST} is not applied."
            raise StoreUnavailableError(message, code="migration_pending")
        return _json(HTTPStatus.OK, {"status": "ready", "migration": migrations.NEWEST})

    def _method_not_allowed(self, **_path: str) -> Answer:
        return self._problem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "method_not_allowed",
            f"{self._app.current_event.http_method} is not allowed here.",
            {"Allow": ", ".join(_READ)},
        )

    def _no_route(self, _error: Exception) -> Answer:
        """Answer what no route takes: an id of characters that the router refuses, or no route."""
        path = self._app.current_event.path
        if (
            path.startswith(("/order/", "/orders/"))
            and self._app.current_event.http_method in _READ
        ):
            return self._problem(
                HTTPStatus.BAD_REQUEST, "malformed_order_uid", lookup.MALFORMED_ORDER_UID
            )
        return self._problem(HTTPStatus.NOT_FOUND, "route_not_found", "There is nothing here.")

    def _failure(self, error: OrderServiceError) -> Answer:
        status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
        if isinstance(error, StoreUnavailableError):
            telemetry.store_unavailable(error)
            detail = "The store does not answer now; try again shortly."
            headers = {"Retry-After": str(_RETRY_AFTER_SECONDS)}
            return self._problem(status, error.code, detail, headers)
        return self._problem(status, error.code, str(error))

    # Answers

    def _whole(self, order_uid: str) -> str:
        """Return the id as the path has it: the router drops a line break at the end."""
        path = self._app.current_event.path
        return unquote(order_uid if path.endswith(order_uid) else path)

    def _found(self, found: lookup.Found, body: str, etag: str) -> Answer:
        headers = {
            "ETag": etag,
            "Cache-Control": "no-cache",
            "X-Cache": "HIT" if found.hit else "MISS",
            "Server-Timing": _server_timing(found),
        }
        if _is_known(self._app.current_event.headers.get("If-None-Match"), etag):
            return Response(HTTPStatus.NOT_MODIFIED, headers=headers, body="")
        return Response(HTTPStatus.OK, "application/json", body, headers)

    def _problem(
        self, status: HTTPStatus, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> Answer:
        problem = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status,
            "code": code,
            "detail": detail,
            "instance": self._app.current_event.path,
        }
        return _json(status, problem, "application/problem+json", headers)


def _json(
    status: HTTPStatus,
    content: Mapping[str, Any],
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    body = json.dumps(content, separators=(",", ":"))
    return Response(status, content_type, body, {"Cache-Control": "no-store", **(headers or {})})


def _server_timing(found: lookup.Found) -> str:
    """Write durations in milliseconds (https://www.w3.org/TR/server-timing/)."""
    cache = f"cache;dur={found.cache_seconds * 1000:.3f}"
    return cache if found.hit else f"{cache}, db;dur={found.store_seconds * 1000:.3f}"


def _is_known(if_none_match: str | None, etag: str) -> bool:
    """Compare weakly (RFC 9110, section 13.1.2)."""
    if not if_none_match:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags
