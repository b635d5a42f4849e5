"""Answers: what a route may answer with, its headers and its problems."""

from collections.abc import Mapping
from typing import Any, Final

from orders.api import bodies, problems
from orders.api.answers import JSON

Responses = dict[int, dict[str, Any]]


def header(description: str, *, required: bool = True) -> dict[str, Any]:
    """Describe a header."""
    return {"description": description, "required": required, "schema": {"type": "string"}}


REQUEST_ID: Final = {"X-Request-Id": header("What the logs call this request.")}
ETAG: Final = {"ETag": header("Names this content.")}
LANGUAGE: Final = {
    "Content-Language": header("The language of the sentences."),
    "Vary": header("Accept-Language."),
}
LINK: Final = {"Link": header('The next page: `<…>; rel="next"`.', required=False)}
ORDER_HEADERS: Final = {
    **ETAG,
    "Cache-Control": header("no-cache: it may be kept, and must be asked about."),
    "X-Cache": header(
        "HIT when the function had it in its memory, else MISS. With CACHE_URL: HIT-L1 when it had "
        "it in its memory, HIT-L2 when the cache that all environments share had it, else MISS."
    ),
    "Server-Timing": header("Milliseconds in the cache, in the shared one (l2), in the database."),
}


def ok(model: Any, description: str, headers: Mapping[str, Any] | None = None) -> dict[str, Any]:  # noqa: ANN401 - a type
    """Describe what was asked for."""
    content = {JSON: {"model": model}}
    return {
        "description": description,
        "headers": {**REQUEST_ID, **(headers or {})},
        "content": content,
    }


def problem(
    description: str, model: object = bodies.Problem, headers: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Describe a problem document."""
    return {
        "description": description,
        "headers": {**REQUEST_ID, **(headers or {})},
        "content": {problems.CONTENT_TYPE: {"model": model}},
    }


def gateway(description: str) -> dict[str, Any]:
    """Describe an answer of API Gateway itself."""
    return {"description": description, "content": {JSON: {"model": bodies.GatewayMessage}}}


GATEWAY: Final[Responses] = {
    429: gateway("API Gateway is asked too often."),
    500: gateway("The function is asked too often (Lambda throttles)."),
    502: gateway("The function failed."),
    504: gateway("The function did not answer in time."),
}
OPERATORS_ONLY: Final = {403: gateway("The request is not signed by an operator (AWS only).")}
NO_STORE: Final = {
    503: problem(
        "The database does not answer: `store_unavailable`.",
        headers={"Retry-After": header("Seconds.")},
    )
}
NOT_MODIFIED: Final = {
    304: {
        "description": "It is what If-None-Match names.",
        "headers": {**REQUEST_ID, **ETAG},
        "content": {},
    }
}
MALFORMED_UID: Final = {400: problem("The id is none: `malformed_order_uid`.")}
NO_ORDER: Final = {404: problem("No such order is stored: `order_not_found`.")}
NO_RECORD: Final = {404: problem("No such record is there: `quarantined_record_not_found`.")}
NOT_AS_JSON: Final = {
    415: problem(
        "Content-Type is not application/json (`unsupported_media_type`), or there is a "
        "Content-Encoding (`unsupported_content_encoding`).",
        headers={"Accept-Post": header("application/json.")},
    )
}


def too_large(model: object) -> Responses:
    """Describe the refusal of a body, by the function or by API Gateway."""
    refused = problem("More than 1 MiB (`too_large`), or than API Gateway lets pass.", model)
    refused["headers"] = {}
    refused["content"][JSON] = {"model": bodies.GatewayMessage}
    return {413: refused}


LOOK_UP: Final[Responses] = {**NOT_MODIFIED, **MALFORMED_UID, **NO_ORDER, **NO_STORE}
