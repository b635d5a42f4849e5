"""Look-ups: requests that read in; orders, what became of them, or problems out."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import lookup, migrations, status
from orders.api import problems, requests
from orders.api.answers import JSON, Answer, is_known, json_answer, link_to_next, ready_json
from orders.api.requests import Event
from orders.api.routing import GET, POST, Route, Routing
from orders.errors import InvalidRequestError, StoreUnavailableError

if TYPE_CHECKING:
    from orders.api.bodies import Health, Readiness

PAGE_ORDERS: Final = 20


def _now() -> datetime:
    return datetime.now(UTC)


class OrderReader(lookup.OrderReader, lookup.CustomerOrderReader, status.StatusReader, Protocol):
    """Where orders and their fates are found, and whether it is ready."""

    def is_migrated(self, version: str, *, seconds: float) -> bool:
        """Tell whether the schema has this migration; raises StoreUnavailableError."""


class OrdersApi:
    """The routes that read."""

    def __init__(
        self,
        cache: lookup.Cache,
        reader: OrderReader,
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._cache = cache
        self._reader = reader
        self._clock = clock
        self._routing = Routing(
            self.routes(), elsewhere={"/orders": POST}, unrouted=self._malformed_order_uid
        )

    def routes(self) -> Iterable[Route]:
        """Yield what this function answers."""
        yield Route(GET, "/order/<order_uid>", self._order)
        yield Route(GET, "/order/order", self._order_of_query)
        yield Route(GET, "/orders", self._customer_orders)
        yield Route(GET, "/orders/<order_uid>", self._envelope)
        yield Route(GET, "/orders/<order_uid>/status", self._status)
        yield Route(GET, "/cache/stats", self._cache_stats)
        yield Route(GET, "/health", self._health)
        yield Route(GET, "/ready", self._ready)
        yield Route(GET, "/openapi.json", self._openapi)
        yield Route(GET, "/docs", self._docs)

    def answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer a Lambda proxy event."""
        return self._routing.answer(event, context)

    # Orders

    def _order(self, order_uid: str) -> Answer:
        found = lookup.look_up(self._whole(order_uid), self._cache, self._reader)
        return self._found(found, found.order.body, f'"{found.order.digest}"')

    def _order_of_query(self) -> Answer:
        order_uid = self._routing.request.get_query_string_value("order_uid", "")
        found = lookup.look_up(order_uid or "", self._cache, self._reader)
        return self._found(found, found.order.body, f'"{found.order.digest}"')

    def _envelope(self, order_uid: str) -> Answer:
        found = lookup.look_up(self._whole(order_uid), self._cache, self._reader)
        body = f'{{"order":{found.order.body}}}'
        return self._found(found, body, f'"{found.order.digest}-envelope"')

    def _customer_orders(self) -> Answer:
        requests.check_names(self._routing.request, ("customer_id", "limit", "cursor"))
        customer_id = requests.text(self._routing.request, "customer_id")
        if customer_id is None:  # an empty one is a customer's, as the model has it
            message = "`customer_id` must say whose orders are meant."
            raise InvalidRequestError(message, code="missing_customer_id")
        limit = requests.limit(self._routing.request, PAGE_ORDERS)
        cursor = requests.text(self._routing.request, "cursor", least=1)
        page = lookup.customer_orders(customer_id, self._reader, limit=limit, cursor=cursor)
        following = {"customer_id": customer_id, "limit": str(limit)}
        return ready_json(
            HTTPStatus.OK, _page(page), link_to_next("/orders", following, page.next_cursor)
        )

    def _status(self, order_uid: str) -> Answer:
        from orders.api import rendering  # noqa: PLC0415 - no cold start shall wait for it

        found = status.status(unquote(order_uid), self._reader)
        language = requests.asked_language(self._routing.request)
        body = rendering.order_status(found, language, self._clock())
        return json_answer(HTTPStatus.OK, body, problems.worded_in(language))

    # The service itself

    def _cache_stats(self) -> Answer:
        return json_answer(HTTPStatus.OK, asdict(self._cache.stats()))

    def _health(self) -> Answer:
        body: Health = {"status": "ok"}
        return json_answer(HTTPStatus.OK, body)

    def _ready(self) -> Answer:
        if not self._reader.is_migrated(migrations.NEWEST, seconds=lookup.STORE_SECONDS):
            message = f"Migration {migrations.NEWEST} is not applied."
            raise StoreUnavailableError(message, code="migration_pending")
        body: Readiness = {"status": "ready", "migration": migrations.NEWEST}
        return json_answer(HTTPStatus.OK, body)

    def _openapi(self) -> Answer:
        from orders.api import documents  # noqa: PLC0415

        return documents.openapi(self._routing.request)

    def _docs(self) -> Answer:
        from orders.api import documents  # noqa: PLC0415

        return documents.page(self._routing.request)

    # Parts of requests and answers

    def _malformed_order_uid(self, event: Event) -> Answer | None:
        """Answer for an id of characters that the router refuses."""
        if not event.path.startswith(("/order/", "/orders/")):
            return None
        code, detail = "malformed_order_uid", lookup.MALFORMED_ORDER_UID
        return problems.problem(HTTPStatus.BAD_REQUEST, code, detail, event)

    def _whole(self, order_uid: str) -> str:
        """Return the id as the path has it: the router drops a line break at the end."""
        path = self._routing.request.path
        return unquote(order_uid if path.endswith(order_uid) else path)

    def _found(self, found: lookup.Found, body: str, etag: str) -> Answer:
        headers = {
            "ETag": etag,
            "Cache-Control": "no-cache",
            "X-Cache": _x_cache(found),
            "Server-Timing": _server_timing(found),
        }
        if is_known(self._routing.request.headers.get("If-None-Match"), etag):
            return Response(HTTPStatus.NOT_MODIFIED, headers=headers, body="")
        return Response(HTTPStatus.OK, JSON, body, headers)


def _page(page: lookup.CustomerOrders) -> str:
    """Join orders that are encoded already."""
    cursor = f'"{page.next_cursor}"' if page.next_cursor else "null"
    orders = ",".join(order.body for order in page.orders)
    return f'{{"orders":[{orders}],"next_cursor":{cursor}}}'


def _x_cache(found: lookup.Found) -> str:
    if not found.hit:
        return "MISS"
    return f"HIT-{found.level}" if found.level else "HIT"


def _server_timing(found: lookup.Found) -> str:
    """Write durations in milliseconds (https://www.w3.org/TR/server-timing/)."""
    return ", ".join(f"{name};dur={took * 1000:.3f}" for name, took in found.seconds.items())
