"""Requests: an event of API Gateway in, what its sender said out; refused where it makes no sense.

What leaves here as text can be given to PostgreSQL: no NUL and no half of a surrogate pair.
"""

import base64
import re
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from orders.api.answers import JSON
from orders.api.negotiation import Language, language
from orders.errors import InvalidRequestError, OrderServiceError
from orders.model import LARGEST_INTEGER

Event = APIGatewayProxyEvent

LARGEST_LIMIT: Final = 100
LONGEST_TEXT: Final = 255

# With an offset, so that it means the same everywhere; a space is what a `+` becomes in a query.
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:[Zz]|[ +-][0-9]{2}:[0-9]{2})"
)
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


class UnsupportedMediaTypeError(OrderServiceError):
    """The body is not JSON by its headers."""

    code = "unsupported_media_type"


class UnprocessableError(OrderServiceError):
    """The body can be read, but says nothing that can be done."""

    code = "unprocessable"


def check_names(event: Event, known: Collection[str]) -> None:
    """Raise InvalidRequestError (`unknown_parameter`) where the query says what means nothing.

    A misspelt filter shall not select everything.
    """
    for name in event.query_string_parameters:
        if name not in known:
            message = f"The query may hold {', '.join(known)} only."
            raise InvalidRequestError(message, code="unknown_parameter")


def text(event: Event, name: str, *, least: int = 0) -> str | None:
    """Return a parameter of the query, or None."""
    value = event.get_query_string_value(name)
    if value is None:
        return None
    if not least <= len(value) <= LONGEST_TEXT or not is_storable(value):
        raise malformed(name, f"{least} to {LONGEST_TEXT} characters, no NUL among them")
    return value


def is_storable(value: str) -> bool:
    """Tell whether PostgreSQL can hold a text."""
    return not _UNSTORABLE.search(value)


def limit(event: Event, default: int) -> int:
    """Return how many entries a page shall have."""
    given = text(event, "limit")
    return default if given is None else whole(given, "limit", LARGEST_LIMIT)


def whole(given: str, name: str, largest: int = LARGEST_INTEGER) -> int:
    """Return a number from 1 on; the largest one is what a column can hold."""
    if given.isascii() and given.isdigit() and len(given) <= len(str(largest)):
        number = int(given)
        if 1 <= number <= largest:
            return number
    raise malformed(name, f"a whole number from 1 to {largest}")


def moment(event: Event, name: str) -> datetime | None:
    """Return a time of the query."""
    given = text(event, name)
    if given is None:
        return None
    if _MOMENT.fullmatch(given):
        date, time = given[:10], given[11:].replace(" ", "+")
        with suppress(ValueError, OverflowError):
            return datetime.fromisoformat(f"{date}T{time}".upper()).astimezone(UTC)
    raise malformed(name, "a time as in RFC 3339, such as 2026-01-01T00:00:00Z")


def one_of(event: Event, name: str, words: Collection[str]) -> str | None:
    """Return a word of the query."""
    given = text(event, name)
    if given is None or given in words:
        return given
    raise malformed(name, f"one of {', '.join(words)}")


def flag(event: Event, name: str) -> bool:
    """Return whether something is asked for."""
    return one_of(event, name, ("true", "false")) == "true"


def malformed(name: str, expected: str) -> InvalidRequestError:
    """Say what a parameter must be."""
    return InvalidRequestError(f"`{name}` must be {expected}.", code=f"malformed_{name}")


def body(event: Event) -> bytes:
    """Return the bytes of the body as they were sent."""
    given = event.get("body") or ""
    if event.get("isBase64Encoded"):
        return base64.b64decode(given)
    return given.encode(errors="surrogatepass")  # for validation to refuse


def check_is_json(event: Event) -> None:
    """Raise UnsupportedMediaTypeError unless the headers say that the body is JSON as it stands."""
    media_type = (event.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if media_type != JSON:
        message = f"The body must be {JSON}, and its Content-Type must say so."
        raise UnsupportedMediaTypeError(message)
    coding = (event.headers.get("Content-Encoding") or "identity").strip().lower()
    if coding != "identity":
        message = "The body must come as it is, without a Content-Encoding."
        raise UnsupportedMediaTypeError(message, code="unsupported_content_encoding")


def asked_language(event: Event) -> Language:
    """Return the language to answer in."""
    return language(event.headers.get("Accept-Language"))


def actor(event: Event) -> str:
    """Name who asks: by their ARN where IAM knows them."""
    identity = event.raw_event["requestContext"]["identity"]
    return identity.get("userArn") or f"http:{identity['sourceIp']}"
