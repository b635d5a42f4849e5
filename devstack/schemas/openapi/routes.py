"""Routes: what is described of them in, Powertools' resolver that writes the document out.

Functions here are never called: their signatures are the parameters, their docstrings the words.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from devstack.schemas.openapi.answers import GATEWAY, Responses
from orders.api.routing import GET

LOOKING: Final = "look-ups"
SENDING: Final = "submissions"
OPERATING: Final = "quarantine"
SERVING: Final = "service"

app: Final = APIGatewayRestResolver()
Described = Callable[..., None]


def describe(
    method: str,
    path: str,
    tag: str,
    responses: Responses,
    **more: Any,  # noqa: ANN401 - Powertools'
) -> Callable[[Described], Described]:
    """Take a function as the description of a route."""

    def register(function: Described) -> Described:
        summary, _, description = (function.__doc__ or "").partition("\n\n")
        return app.route(
            path,
            method=method,
            summary=summary.rstrip("."),
            description=" ".join(description.split()) or None,
            tags=[tag],
            operation_id=function.__name__,
            responses={**responses, **GATEWAY},  # type: ignore[dict-item]
            **more,
        )(function)

    return register


reads = partial(describe, GET)
operates = partial(describe, tag=OPERATING, security=[{"iam": []}])
