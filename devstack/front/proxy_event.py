"""REST proxy events: an HTTP request in, the event of a Lambda proxy integration out.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import functools
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from devstack import asgi
from devstack.account import ACCOUNT
from devstack.front.routes import Match

STAGE = "live"
API_ID = "local"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_IDENTITY: Mapping[str, None] = dict.fromkeys(
    (
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    )
)


def event(scope: asgi.Scope, match: Match, body: bytes, request_id: str) -> bytes:
    """Build the event (payload version 1.0) of a request, as JSON.

    `path` stays percent-encoded and path parameters are decoded, as REST APIs do. A body that is
    not UTF-8 is base64-encoded.
    """
    method = scope["method"]
    path = scope["raw_path"].decode("latin-1")
    headers = _headers(scope)
    text, encoded = _body(body)
    single, multiple = _query(scope["query_string"])
    return _encode(
        {
            "resource": match.resource,
            "path": path,
            "httpMethod": method,
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": single,
            "multiValueQueryStringParameters": multiple,
            "pathParameters": match.parameters,
            "stageVariables": None,
            "requestContext": _context(scope, match, headers, request_id),
            "body": text,
            "isBase64Encoded": encoded,
        }
    ).encode()


def _headers(scope: asgi.Scope) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(_canonical(name), []).append(value.decode("latin-1"))
    client = scope["client"]
    server = scope["server"]
    forwarded = headers.get("X-Forwarded-For", [])
    headers["X-Forwarded-For"] = [", ".join([*forwarded, client[0] if client else "127.0.0.1"])]
    headers["X-Forwarded-Port"] = [str(server[1]) if server else "80"]
    headers["X-Forwarded-Proto"] = [scope["scheme"]]
    return headers


@functools.lru_cache(maxsize=256)
def _canonical(name: bytes) -> str:
    # ASGI has lower-cased the name; this is how curl and HTTP/1.1 clients send it.
    return "-".join(part.capitalize() for part in name.decode("latin-1").split("-"))


def _query(query: bytes) -> tuple[dict[str, str] | None, dict[str, list[str]] | None]:
    if not query:
        return None, None
    multiple: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        multiple.setdefault(name, []).append(value)
    return {name: values[-1] for name, values in multiple.items()}, multiple


def _body(body: bytes) -> tuple[str | None, bool]:
    if not body:
        return None, False
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _context(
    scope: asgi.Scope, match: Match, headers: Mapping[str, list[str]], request_id: str
) -> dict[str, Any]:
    now = time.time()
    client = scope["client"]
    host = headers.get("Host", ["localhost"])[0]
    return {
        "accountId": ACCOUNT,
        "apiId": API_ID,
        "domainName": host.partition(":")[0],
        "domainPrefix": host.partition(".")[0].partition(":")[0],
        "extendedRequestId": request_id,
        "httpMethod": scope["method"],
        "identity": {
            **_IDENTITY,
            "sourceIp": client[0] if client else "127.0.0.1",
            "userAgent": headers.get("User-Agent", [None])[0],
        },
        "path": f"/{STAGE}{scope['raw_path'].decode('latin-1')}",
        "protocol": f"HTTP/{scope['http_version']}",
        "requestId": request_id,
        "requestTime": _common_log_time(int(now)),
        "requestTimeEpoch": int(now * 1000),
        "resourceId": match.resource.strip("/").replace("/", "-") or "root",
        "resourcePath": match.resource,
        "stage": STAGE,
    }


@functools.lru_cache(maxsize=1)
def _common_log_time(seconds: int) -> str:
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(seconds))
