"""Submissions: the route that takes orders."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Body

from devstack.schemas.openapi.answers import (
    LANGUAGE,
    NO_STORE,
    NOT_AS_JSON,
    header,
    ok,
    problem,
    too_large,
)
from devstack.schemas.openapi.parameters import Languages
from devstack.schemas.openapi.routes import SENDING, describe
from orders.api import bodies
from orders.api.routing import POST
from orders.model import Order

_LINKS: Final = {
    "order": {"operationId": "get_order", "parameters": {"order_uid": "$response.body#/order_uid"}},
    "status": {
        "operationId": "get_order_status",
        "parameters": {"order_uid": "$response.body#/order_uid"},
    },
}


@describe(
    POST,
    "/orders",
    SENDING,
    {
        200: ok(bodies.OrderMessage, "The identical order was stored before."),
        201: {
            **ok(
                bodies.OrderMessage,
                "The order is stored.",
                {"Location": header("Where the order is.")},
            ),
            "links": _LINKS,
        },
        400: problem(
            "The body is not JSON: `not_json`, `not_utf8`, `empty_value`, `too_deep`.",
            bodies.RefusalProblem,
            LANGUAGE,
        ),
        409: problem(
            "Another order is stored under this id: `conflict`.", bodies.ConflictProblem, LANGUAGE
        ),
        **too_large(bodies.RefusalProblem),
        **NOT_AS_JSON,
        422: problem(
            "The body is no order; the `code` is the first fault's.",
            bodies.RefusalProblem,
            LANGUAGE,
        ),
        **NO_STORE,
    },
)
def submit_order(
    order: Annotated[Order, Body(description="The order.")], accept_language: Languages = "en"
) -> None:
    """Send an order.

    Sending it again, as after 503, is safe: what is stored already is answered with 200.
    """
