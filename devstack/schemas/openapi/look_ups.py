"""Look-ups: the routes that read orders and their fates."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from devstack.schemas.openapi.answers import (
    LANGUAGE,
    LINK,
    LOOK_UP,
    MALFORMED_UID,
    NO_STORE,
    ORDER_HEADERS,
    ok,
    problem,
)
from devstack.schemas.openapi.parameters import Cursor, Known, Languages, Limit, OrderUid, Text
from devstack.schemas.openapi.routes import LOOKING, reads
from orders.api import bodies
from orders.api.lookups import PAGE_ORDERS
from orders.model import ORDER_UID_PATTERN, Order


@reads(
    "/order/<order_uid>",
    LOOKING,
    {200: ok(Order, "The order, as it was sent.", ORDER_HEADERS), **LOOK_UP},
)
def get_order(order_uid: OrderUid, if_none_match: Known = "") -> None:
    """Look an order up.

    Orders never change: one that is in a function's memory is answered while the database is away.
    """


@reads(
    "/order/order",
    LOOKING,
    {200: ok(Order, "The order, as it was sent.", ORDER_HEADERS), **LOOK_UP},
)
def get_order_by_query(
    order_uid: Annotated[str, Query(pattern=ORDER_UID_PATTERN, description="The order's id.")],
    if_none_match: Known = "",
) -> None:
    """Look an order up, its id being in the query."""


@reads(
    "/orders/<order_uid>",
    LOOKING,
    {200: ok(bodies.OrderEnvelope, "The order, by its name.", ORDER_HEADERS), **LOOK_UP},
)
def get_order_in_envelope(order_uid: OrderUid, if_none_match: Known = "") -> None:
    """Look an order up, to have it by its name."""


@reads(
    "/orders",
    LOOKING,
    {
        200: ok(bodies.OrderPage, "A page of orders.", LINK),
        400: problem(
            "`missing_customer_id`, `malformed_customer_id`, `malformed_limit`, "
            "`malformed_cursor`, `unknown_parameter`."
        ),
        **NO_STORE,
    },
)
def list_customer_orders(
    customer_id: Annotated[str, Text(description="The customer, as the orders name them.")],
    limit: Limit = PAGE_ORDERS,
    cursor: Cursor = "",
) -> None:
    """List a customer's orders.

    Those that were stored last come first. What is stored between two pages changes neither.
    """


@reads(
    "/orders/<order_uid>/status",
    LOOKING,
    {
        200: ok(
            bodies.StoredStatus | bodies.QuarantinedStatus | bodies.UnknownStatus,
            "What became of it.",
            LANGUAGE,
        ),
        **MALFORMED_UID,
        **NO_STORE,
    },
)
def get_order_status(order_uid: OrderUid, accept_language: Languages = "en") -> None:
    """Tell what became of an order.

    It is stored, with its place in Kafka and the orders that were refused since for bearing its id;
    or quarantined, with all that is wrong; or unknown, with how fresh the store is.
    """
