"""Problems: what went wrong in, a problem document (RFC 9457) out.

Only here do errors become status codes.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from orders import telemetry
from orders.api import requests
from orders.api.answers import JSON, Answer, json_answer
from orders.api.negotiation import Language
from orders.api.requests import Event, UnprocessableError, UnsupportedMediaTypeError
from orders.errors import (
    InvalidRequestError,
    NotOpenError,
    OrderConflictError,
    OrderNotFoundError,
    OrderServiceError,
    RecordNotFoundError,
    RedriveLimitError,
    StoreUnavailableError,
)
from orders.record import Rejection

if TYPE_CHECKING:
    from orders.api.bodies import DifferenceBody

CONTENT_TYPE: Final = "application/problem+json"

_RETRY_AFTER_SECONDS: Final = 2
_OF_ERRORS: Final = {
    InvalidRequestError: HTTPStatus.BAD_REQUEST,
    OrderNotFoundError: HTTPStatus.NOT_FOUND,
    RecordNotFoundError: HTTPStatus.NOT_FOUND,
    OrderConflictError: HTTPStatus.CONFLICT,
    NotOpenError: HTTPStatus.CONFLICT,
    RedriveLimitError: HTTPStatus.CONFLICT,
    UnsupportedMediaTypeError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    UnprocessableError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
_OF_BODIES: Final = {
    "not_json": HTTPStatus.BAD_REQUEST,
    "not_utf8": HTTPStatus.BAD_REQUEST,
    "empty_value": HTTPStatus.BAD_REQUEST,
    "too_deep": HTTPStatus.BAD_REQUEST,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "conflict": HTTPStatus.CONFLICT,
}
"""By the code of the first fault; a document that can be read, but is no order, is 422."""
_TITLES: Final = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}
"""What RFC 9110 calls them, and Python since 3.13: the titles are the same on every Python."""


def of_error(error: OrderServiceError, event: Event) -> Answer:
    """Answer an error; why the store is unavailable is told to the log alone."""
    status = next(status for kind, status in _OF_ERRORS.items() if isinstance(error, kind))
    if isinstance(error, StoreUnavailableError):
        telemetry.store_unavailable(error)
        detail = "The store does not answer now; try again shortly."
        headers = {"Retry-After": str(_RETRY_AFTER_SECONDS)}
        return problem(status, error.code, detail, event, headers)
    headers = {"Accept-Post": JSON} if isinstance(error, UnsupportedMediaTypeError) else {}
    if error.code == "unsupported_content_encoding":
        headers["Accept-Encoding"] = "identity"  # RFC 9110, section 15.5.16
    return problem(status, error.code, str(error), event, headers)


def of_body(
    rejection: Rejection, event: Event, differences: "list[DifferenceBody] | None" = None
) -> Answer:
    """Answer a body that is no order."""
    status = _OF_BODIES.get(rejection.code, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _refusal(status, rejection, event, differences)


def of_record(rejection: Rejection, event: Event) -> Answer:
    """Answer a quarantined record that is refused again: the request itself was in order."""
    is_conflict = rejection.code == "conflict"
    status = HTTPStatus.CONFLICT if is_conflict else HTTPStatus.UNPROCESSABLE_ENTITY
    return _refusal(status, rejection, event, None)


def _refusal(
    status: HTTPStatus,
    rejection: Rejection,
    event: Event,
    differences: "list[DifferenceBody] | None",
) -> Answer:
    from orders.api import rendering  # noqa: PLC0415 - look-ups refuse nothing

    language = requests.asked_language(event)
    first, *others = rejection.faults
    detail = f"{first.sentence} (and {len(others)} more)" if others else first.sentence
    members: dict[str, Any] = {"faults": rendering.faults(rejection.faults, language)}
    if differences is not None:
        members["differences"] = differences
    return problem(status, rejection.code, detail, event, worded_in(language), **members)


def worded_in(language: Language) -> dict[str, str]:
    """Return the headers of an answer whose sentences are in a language."""
    return {"Content-Language": language, "Vary": "Accept-Language"}


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    event: Event,
    headers: Mapping[str, str] | None = None,
    **members: Any,  # noqa: ANN401 - JSON
) -> Answer:
    """Answer with a problem document."""
    content = {
        "type": "about:blank",
        "title": _TITLES.get(status, status.phrase),
        "status": status,
        "code": code,
        "detail": detail,
        "instance": event.path,
        **members,
    }
    return json_answer(status, content, headers, CONTENT_TYPE)
