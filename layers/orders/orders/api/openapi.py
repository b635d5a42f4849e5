"""OpenAPI: the routes, described with the types of their answers, in; the document of the API out.

Only `python -m devstack.schemas` asks for it; what a function serves is the file that it wrote.
Functions here are never called: their signatures are the parameters, their docstrings the words.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Final, Literal

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.models import APIKey, Server, Tag
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path, Query
from pydantic import Field

from orders.api import bodies, problems
from orders.api.answers import JSON
from orders.api.lookups import PAGE_ORDERS
from orders.api.quarantine import PAGE_RECORDS
from orders.api.requests import LARGEST_LIMIT, LONGEST_TEXT
from orders.api.routing import GET, POST
from orders.cache import CacheStats
from orders.model import ORDER_UID_PATTERN, Order
from orders.schema import order_schema

Responses = dict[int, dict[str, Any]]

_LOOKING: Final = "look-ups"
_SENDING: Final = "submissions"
_OPERATING: Final = "quarantine"
_SERVING: Final = "service"
_TAGS: Final = {
    _LOOKING: "Orders, and what became of them.",
    _SENDING: "Orders by HTTP instead of Kafka, under the same rules.",
    _OPERATING: "Records that were refused: for operators, on AWS with IAM.",
    _SERVING: "How the service is.",
}
_TITLE: Final = "Orders"
_DESCRIPTION: Final = (
    "HEAD is answered wherever GET is, and any other method with 405 and Allow. Answers carry "
    "X-Request-Id. What goes wrong is told as a problem (RFC 9457) whose `code` never changes; an "
    "answer that holds only `message` is API Gateway's own."
)

# Parameters

_STORABLE: Final = r"^[^\x00]*$"
_Text = partial(Query, max_length=LONGEST_TEXT, pattern=_STORABLE)
OrderUid = Annotated[str, Path(pattern=ORDER_UID_PATTERN, description="The order's id.")]
RecordId = Annotated[int, Path(ge=1, description="The record's number.")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT, description="Entries of a page.")]
Cursor = Annotated[
    str,
    Query(
        max_length=LONGEST_TEXT,
        pattern="^[A-Za-z0-9_-]+$",
        description="The `next_cursor` of the page before.",
    ),
]
Known = Annotated[
    str, Header(alias="If-None-Match", description="The ETag of what is known already.")
]
Languages = Annotated[
    str, Header(alias="Accept-Language", description="English (en) or Russian (ru).")
]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]

# Answers


def _header(description: str, *, required: bool = True) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": {"type": "string"}}


_REQUEST_ID: Final = {"X-Request-Id": _header("What the logs call this request.")}
_ETAG: Final = {"ETag": _header("Names this content.")}
_LANGUAGE: Final = {
    "Content-Language": _header("The language of the sentences."),
    "Vary": _header("Accept-Language."),
}
_LINK: Final = {"Link": _header('The next page: `<…>; rel="next"`.', required=False)}
_ORDER_HEADERS: Final = {
    **_ETAG,
    "Cache-Control": _header("no-cache: it may be kept, and must be asked about."),
    "X-Cache": _header("HIT when the function had it in its memory, else MISS."),
    "Server-Timing": _header("Milliseconds in the cache, and in the database."),
}


def _ok(model: Any, description: str, headers: Mapping[str, Any] | None = None) -> dict[str, Any]:  # noqa: ANN401 - a type
    content = {JSON: {"model": model}}
    return {
        "description": description,
        "headers": {**_REQUEST_ID, **(headers or {})},
        "content": content,
    }


def _problem(
    description: str, model: object = bodies.Problem, headers: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "description": description,
        "headers": {**_REQUEST_ID, **(headers or {})},
        "content": {problems.CONTENT_TYPE: {"model": model}},
    }


def _gateway(description: str) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"model": bodies.GatewayMessage}}}


_GATEWAY: Final[Responses] = {
    429: _gateway("API Gateway is asked too often."),
    500: _gateway("The function is asked too often (Lambda throttles)."),
    502: _gateway("The function failed."),
    504: _gateway("The function did not answer in time."),
}
_OPERATORS_ONLY: Final = {403: _gateway("The request is not signed by an operator (AWS only).")}
_NO_STORE: Final = {
    503: _problem(
        "The database does not answer: `store_unavailable`.",
        headers={"Retry-After": _header("Seconds.")},
    )
}
_NOT_MODIFIED: Final = {
    304: {
        "description": "It is what If-None-Match names.",
        "headers": {**_REQUEST_ID, **_ETAG},
        "content": {},
    }
}
_MALFORMED_UID: Final = {400: _problem("The id is none: `malformed_order_uid`.")}
_NO_ORDER: Final = {404: _problem("No such order is stored: `order_not_found`.")}
_NO_RECORD: Final = {404: _problem("No such record is there: `quarantined_record_not_found`.")}
_NOT_AS_JSON: Final = {
    415: _problem(
        "Content-Type is not application/json (`unsupported_media_type`), or there is a "
        "Content-Encoding (`unsupported_content_encoding`).",
        headers={"Accept-Post": _header("application/json.")},
    )
}


def _too_large(model: object) -> Responses:
    refused = _problem("More than 1 MiB (`too_large`), or than API Gateway lets pass.", model)
    refused["headers"] = {}
    refused["content"][JSON] = {"model": bodies.GatewayMessage}
    return {413: refused}


_LOOK_UP: Final[Responses] = {**_NOT_MODIFIED, **_MALFORMED_UID, **_NO_ORDER, **_NO_STORE}
_LINKS: Final = {
    "order": {"operationId": "get_order", "parameters": {"order_uid": "$response.body#/order_uid"}},
    "status": {
        "operationId": "get_order_status",
        "parameters": {"order_uid": "$response.body#/order_uid"},
    },
}

# Operations

app: Final = APIGatewayRestResolver()
Described = Callable[..., None]


def _describe(
    method: str,
    path: str,
    tag: str,
    responses: Responses,
    **more: Any,  # noqa: ANN401 - Powertools'
) -> Callable[[Described], Described]:
    def register(function: Described) -> Described:
        summary, _, description = (function.__doc__ or "").partition("\n\n")
        return app.route(
            path,
            method=method,
            summary=summary.rstrip("."),
            description=" ".join(description.split()) or None,
            tags=[tag],
            operation_id=function.__name__,
            responses={**responses, **_GATEWAY},  # type: ignore[dict-item]
            **more,
        )(function)

    return register


_reads = partial(_describe, GET)
_operates = partial(_describe, tag=_OPERATING, security=[{"iam": []}])


@_reads(
    "/order/<order_uid>",
    _LOOKING,
    {200: _ok(Order, "The order, as it was sent.", _ORDER_HEADERS), **_LOOK_UP},
)
def get_order(order_uid: OrderUid, if_none_match: Known = "") -> None:
    """Look an order up.

    Orders never change: one that is in a function's memory is answered while the database is away.
    """


@_reads(
    "/order/order",
    _LOOKING,
    {200: _ok(Order, "The order, as it was sent.", _ORDER_HEADERS), **_LOOK_UP},
)
def get_order_by_query(
    order_uid: Annotated[str, Query(pattern=ORDER_UID_PATTERN, description="The order's id.")],
    if_none_match: Known = "",
) -> None:
    """Look an order up, its id being in the query."""


@_reads(
    "/orders/<order_uid>",
    _LOOKING,
    {200: _ok(bodies.OrderEnvelope, "The order, by its name.", _ORDER_HEADERS), **_LOOK_UP},
)
def get_order_in_envelope(order_uid: OrderUid, if_none_match: Known = "") -> None:
    """Look an order up, to have it by its name."""


@_reads(
    "/orders",
    _LOOKING,
    {
        200: _ok(bodies.OrderPage, "A page of orders.", _LINK),
        400: _problem(
            "`missing_customer_id`, `malformed_customer_id`, `malformed_limit`, "
            "`malformed_cursor`, `unknown_parameter`."
        ),
        **_NO_STORE,
    },
)
def list_customer_orders(
    customer_id: Annotated[
        str, _Text(min_length=1, description="The customer, as the orders name them.")
    ],
    limit: Limit = PAGE_ORDERS,
    cursor: Cursor = "",
) -> None:
    """List a customer's orders.

    Those that were stored last come first. What is stored between two pages changes neither.
    """


@_reads(
    "/orders/<order_uid>/status",
    _LOOKING,
    {
        200: _ok(
            bodies.StoredStatus | bodies.QuarantinedStatus | bodies.UnknownStatus,
            "What became of it.",
            _LANGUAGE,
        ),
        **_MALFORMED_UID,
        **_NO_STORE,
    },
)
def get_order_status(order_uid: OrderUid, accept_language: Languages = "en") -> None:
    """Tell what became of an order.

    It is stored, with its place in Kafka and the orders that were refused since for bearing its id;
    or quarantined, with all that is wrong; or unknown, with how fresh the store is.
    """


@_describe(
    POST,
    "/orders",
    _SENDING,
    {
        200: _ok(bodies.OrderMessage, "The identical order was stored before."),
        201: {
            **_ok(
                bodies.OrderMessage,
                "The order is stored.",
                {"Location": _header("Where the order is.")},
            ),
            "links": _LINKS,
        },
        400: _problem(
            "The body is not JSON: `not_json`, `not_utf8`, `empty_value`, `too_deep`.",
            bodies.RefusalProblem,
            _LANGUAGE,
        ),
        409: _problem(
            "Another order is stored under this id: `conflict`.", bodies.ConflictProblem, _LANGUAGE
        ),
        **_too_large(bodies.RefusalProblem),
        **_NOT_AS_JSON,
        422: _problem(
            "The body is no order; the `code` is the first fault's.",
            bodies.RefusalProblem,
            _LANGUAGE,
        ),
        **_NO_STORE,
    },
)
def submit_order(
    order: Annotated[Order, Body(description="The order.")], accept_language: Languages = "en"
) -> None:
    """Send an order.

    Sending it again, as after 503, is safe: what is stored already is answered with 200.
    """


@_operates(
    GET,
    "/quarantine",
    responses={
        200: _ok(bodies.RecordPage, "A page of records.", {**_LINK, **_LANGUAGE}),
        400: _problem("`malformed_` and the parameter's name, or `unknown_parameter`."),
        **_OPERATORS_ONLY,
        **_NO_STORE,
    },
)
def list_quarantined_records(  # noqa: PLR0913 - each is a filter
    *,
    state: Annotated[
        Literal["open", "redriven", "discarded", "all"],
        Query(description="What became of the record since."),
    ] = "open",
    code: Annotated[str, _Text(description="The code of the first fault.")] = "",
    topic: Annotated[str, _Text(description="The topic that it came on.")] = "",
    since: Annotated[Time, Query(description="Quarantined at this time or later.")] = "",
    until: Annotated[Time, Query(description="Quarantined before this time.")] = "",
    text: Annotated[str, _Text(description="In the value, the key or the sentences.")] = "",
    order_uid: Annotated[str, _Text(description="The order's id, where it could be read.")] = "",
    limit: Limit = PAGE_RECORDS,
    cursor: Annotated[int, Query(ge=1, description="The `next_cursor` of the page before.")] = 0,
    accept_language: Languages = "en",
) -> None:
    """List refused records, the newest first."""


@_operates(
    GET,
    "/quarantine/<record_id>",
    responses={
        200: _ok(bodies.RecordDetails, "The record.", _LANGUAGE),
        400: _problem("The number is none: `malformed_id`."),
        **_OPERATORS_ONLY,
        **_NO_RECORD,
        **_NO_STORE,
    },
)
def get_quarantined_record(record_id: RecordId, accept_language: Languages = "en") -> None:
    """Show all that is known of a refused record."""


@_operates(
    POST,
    "/quarantine/<record_id>/redrive",
    responses={
        200: _ok(bodies.RedriveBody, "It is stored, or was before (a duplicate)."),
        400: _problem("`malformed_id`, `malformed_force`, `unknown_parameter`."),
        **_OPERATORS_ONLY,
        **_NO_RECORD,
        409: _problem(
            "It is settled (`not_open`), was tried too often (`redrive_limit`), or another order "
            "is stored under its id (`conflict`, with `faults`).",
            bodies.Problem | bodies.RefusalProblem,
        ),
        **_too_large(bodies.Problem),
        **_NOT_AS_JSON,
        422: _problem(
            "It is refused again; the `code` is the first fault's.",
            bodies.RefusalProblem,
            _LANGUAGE,
        ),
        **_NO_STORE,
    },
)
def redrive_quarantined_record(
    record_id: RecordId,
    order: Annotated[  # None leaves the body out
        Order, Body(description="What to try in place of its value; may be left out.")
    ] = None,  # type: ignore[assignment]
    force: Annotated[bool, Query(description="Even if it was tried too often.")] = False,  # noqa: FBT002 - a query
    accept_language: Languages = "en",
) -> None:
    """Try a refused record again.

    As it is, or a corrected document in its place. What was tried is kept with the record.
    """


@_operates(
    POST,
    "/quarantine/<record_id>/discard",
    responses={
        200: _ok(bodies.RecordBody, "No order will come of it; the record is kept.", _LANGUAGE),
        400: _problem("`malformed_id`, `not_json`."),
        **_OPERATORS_ONLY,
        **_NO_RECORD,
        409: _problem("It is settled: `not_open`."),
        **_too_large(bodies.Problem),
        **_NOT_AS_JSON,
        422: _problem("The reason is none: `malformed_reason`."),
        **_NO_STORE,
    },
)
def discard_quarantined_record(
    record_id: RecordId,
    reason: Annotated[bodies.Reason, Body(description="Why.")],
    accept_language: Languages = "en",
) -> None:
    """Close a refused record of which no order shall come."""


@_reads("/cache/stats", _SERVING, {200: _ok(CacheStats, "Since the environment started.")})
def get_cache_stats() -> None:
    """Tell what the cache did, of the execution environment that answers."""


@_reads("/health", _SERVING, {200: _ok(bodies.Health, "It answers.")})
def get_health() -> None:
    """Tell that the function answers."""


@_reads(
    "/ready",
    _SERVING,
    {
        200: _ok(bodies.Readiness, "It is ready."),
        503: _problem(
            "The database does not answer (`store_unavailable`) or is not migrated "
            "(`migration_pending`).",
            headers={"Retry-After": _header("Seconds.")},
        ),
    },
)
def get_readiness() -> None:
    """Tell whether the database answers and is migrated."""


@_reads(
    "/openapi.json",
    _SERVING,
    {200: _ok(dict[str, Any], "This document.", _ETAG), **_NOT_MODIFIED},
)
def get_openapi(if_none_match: Known = "") -> None:
    """Describe the API."""


@_reads(
    "/docs",
    _SERVING,
    {
        200: {
            "description": "The page.",
            "headers": {**_REQUEST_ID, **_ETAG},
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
        **_NOT_MODIFIED,
    },
)
def get_docs(if_none_match: Known = "") -> None:
    """Show this description, to read it and to try it."""


# The document


def document(version: str) -> dict[str, Any]:
    """Return the document, for a version of the API."""
    made = app.get_openapi_schema(
        title=_TITLE,
        version=version,
        openapi_version="3.1.0",
        description=_DESCRIPTION,
        tags=[Tag(name=name, description=words) for name, words in _TAGS.items()],
        servers=[Server(url=".", description="Where this document is.")],
        security_schemes={"iam": _iam()},
    )
    dumped = made.model_dump(mode="json", by_alias=True, exclude_none=True)
    described: dict[str, Any] = _tidy(dumped)
    described["info"]["title"] = _TITLE
    schemas = described["components"]["schemas"]
    own = {name: schemas[name] for name in schemas if not name.endswith("ValidationError")}
    described["components"]["schemas"] = dict(sorted((own | _order_schemas()).items()))
    return described


def _iam() -> APIKey:
    """Describe AWS's signatures as API Gateway exports them.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html
    """
    return APIKey.model_validate(
        {
            "name": "Authorization",
            "in": "header",
            "openapi_extensions": {"x-amazon-apigateway-authtype": "awsSigv4"},
        }
    )


def _order_schemas() -> dict[str, Any]:
    """Return the order's components: Powertools would round the largest integers."""
    order = order_schema()
    text = json.dumps({**order.pop("$defs"), "Order": order})
    schemas: dict[str, Any] = json.loads(text.replace("#/$defs/", "#/components/schemas/"))
    for name in ("$schema", "$id"):
        del schemas["Order"][name]
    return schemas


def _tidy(node: Any) -> Any:  # noqa: ANN401 - JSON
    """Take out what says nothing.

    Titles that repeat the names of fields, empty defaults and contents; whole numbers as floats.
    """
    if isinstance(node, list):
        return [_tidy(entry) for entry in node]
    if isinstance(node, float) and node.is_integer():
        return int(node)
    if not isinstance(node, dict):
        return node
    return {key: _tidy(value) for key, value in node.items() if not _says_nothing(key, value)}


def _says_nothing(key: str, value: object) -> bool:
    return (
        (key == "title" and isinstance(value, str))
        or (key == "default" and value in ("", 0))
        or (key == "content" and value == {})
    )
