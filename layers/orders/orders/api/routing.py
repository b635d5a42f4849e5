"""Routing: the routes of one function and a request in, its answer out.

Invariant: HEAD is answered wherever GET is, every answer names its request, and what no route
takes is told why.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from orders.api import problems
from orders.api.answers import Answer
from orders.api.requests import Event
from orders.errors import OrderServiceError

GET: Final = "GET"
POST: Final = "POST"


class Route(NamedTuple):
    """What answers a method of a path; `<name>` in it is given to what answers."""

    method: str
    path: str
    answer: Callable[..., Answer]


class Routing:
    """The routes of one function."""

    def __init__(
        self,
        routes: Iterable[Route],
        *,
        elsewhere: Mapping[str, str] | None = None,
        unrouted: Callable[[Event], Answer | None] = lambda _: None,
    ) -> None:
        """Take routes, the first ones being tried first.

        `elsewhere` is which method of a path another function answers; `unrouted` may answer what
        no route of this one takes.
        """
        self._unrouted = unrouted
        self._methods: dict[str, list[str]] = {}
        self._resolver = APIGatewayRestResolver()
        for route in routes:
            methods = [GET, "HEAD"] if route.method == GET else [route.method]
            self._resolver.route(route.path, method=methods)(route.answer)
            self._methods.setdefault(route.path, []).extend(methods)
        for path, method in (elsewhere or {}).items():
            self._methods.setdefault(path, []).append(method)
        self._resolver.exception_handler(OrderServiceError)(self._failure)
        self._resolver.exception_handler(NotFoundError)(self._no_route)

    @property
    def request(self) -> Event:
        """The request that is being answered."""
        return self._resolver.current_event

    def answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer a Lambda proxy event of a REST API.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
        """
        answer = self._resolver.resolve(event, context)
        answer["multiValueHeaders"]["X-Request-Id"] = [context.aws_request_id]
        if event["httpMethod"] == "HEAD":
            answer["body"] = ""
        return answer

    def _failure(self, error: OrderServiceError) -> Answer:
        return problems.of_error(error, self.request)

    def _no_route(self, _error: Exception) -> Answer:
        allowed = self._allowed(self.request.path)
        if allowed and self.request.http_method not in allowed:
            detail = f"{self.request.http_method} is not allowed here."
            headers = {"Allow": ", ".join(allowed)}
            status = HTTPStatus.METHOD_NOT_ALLOWED
            return problems.problem(status, "method_not_allowed", detail, self.request, headers)
        answer = self._unrouted(self.request)
        if answer:
            return answer
        detail = "There is nothing here."
        return problems.problem(HTTPStatus.NOT_FOUND, "route_not_found", detail, self.request)

    def _allowed(self, path: str) -> list[str]:
        """Return the methods of the first route that a path is of, whichever the method."""
        for template, methods in self._methods.items():
            if re.fullmatch(re.sub(r"<\w+>", "[^/]+", template) + "/*", path):
                return methods
        return []
