"""REST proxy responses: the output of a Lambda proxy integration in, an HTTP answer out.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devstack import asgi

_RESPONSE_KEYS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"}


class MalformedResponseError(Exception):
    """The function's output is not what API Gateway accepts; the client sees a 502."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer to the client; header names are lower case."""

    status: int
    headers: asgi.Headers
    body: bytes


def response(payload: bytes) -> Response:
    """Translate a function's output; raises `MalformedResponseError` where API Gateway refuses it.

    As AWS does: no status code means 200, an unknown key or a body that is no string is malformed.
    """
    try:
        output = json.loads(payload)
    except ValueError as error:
        raise MalformedResponseError(str(error)) from error
    if not isinstance(output, dict) or not output.keys() <= _RESPONSE_KEYS:
        message = "a function behind API Gateway returns statusCode, headers and body"
        raise MalformedResponseError(message)
    return Response(_status(output), _response_headers(output), _response_body(output))


def _status(output: Mapping[str, Any]) -> int:
    try:
        status = int(output.get("statusCode") or 200)
    except (TypeError, ValueError) as error:
        message = "statusCode is not a number"
        raise MalformedResponseError(message) from error
    if not 100 <= status <= 599:  # noqa: PLR2004 - the range of HTTP, RFC 9110, 15
        message = f"statusCode {status} is not one of HTTP"
        raise MalformedResponseError(message)
    return status


def _response_headers(output: Mapping[str, Any]) -> asgi.Headers:
    single, multiple = output.get("headers") or {}, output.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(multiple, dict):
        message = "headers and multiValueHeaders are objects"
        raise MalformedResponseError(message)
    values = {name.lower(): [value] for name, value in single.items()}
    values |= {name.lower(): each for name, each in multiple.items() if isinstance(each, list)}
    values.setdefault("content-type", ["application/json"])
    return [
        (name.encode("latin-1"), _text(value).encode("utf-8"))
        for name, each in values.items()
        if name not in HOP_BY_HOP
        for value in each
    ]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if "\r" in text or "\n" in text:
        message = "a header value has a line break"
        raise MalformedResponseError(message)
    return text


def _response_body(output: Mapping[str, Any]) -> bytes:
    body = output.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        message = "body is not a string"
        raise MalformedResponseError(message)
    if not output.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        message = "body is not base64"
        raise MalformedResponseError(message) from error
