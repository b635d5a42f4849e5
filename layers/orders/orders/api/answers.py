"""Answers: what a route found out in, an HTTP answer out."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from aws_lambda_powertools.event_handler import Response

Answer = Response[str]

JSON: Final = "application/json"


def json_answer(
    status: HTTPStatus,
    content: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
    content_type: str = JSON,
) -> Answer:
    """Answer with JSON that nobody may keep, unless the headers say otherwise."""
    return ready_json(status, json.dumps(content, separators=(",", ":")), headers, content_type)


def ready_json(
    status: HTTPStatus,
    body: str,
    headers: Mapping[str, str] | None = None,
    content_type: str = JSON,
) -> Answer:
    """Answer with JSON that is written already."""
    return Response(status, content_type, body, {"Cache-Control": "no-store", **(headers or {})})


def link_to_next(
    path: str, following: Mapping[str, str], next_cursor: str | int | None
) -> dict[str, str]:
    """Return the header that leads to the next page (RFC 8288), if there is one."""
    if next_cursor is None:
        return {}
    query = urlencode({**following, "cursor": next_cursor}, quote_via=quote)
    return {"Link": f'<{path}?{query}>; rel="next"'}


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Compare weakly (RFC 9110, section 13.1.2)."""
    if not if_none_match:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags
