"""How tests ask an API without a server, and hold every answer to what is documented of it."""

import base64
import copy
import gzip
import json
import re
from collections.abc import Mapping
from typing import Any, Protocol

from aws_lambda_powertools.utilities.typing import LambdaContext
from jsonschema import Draft202012Validator

from orders.api.documents import OPENAPI
from tests.unit.orders.made import Context, event

DOCUMENT: dict[str, Any] = json.loads(OPENAPI.read_text())


class Api(Protocol):
    """Any of the APIs."""

    def answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer a Lambda proxy event."""


class Answer:
    """What a client sees of an answer."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.status: int = answer["statusCode"]
        self.headers = {name: ", ".join(v) for name, v in answer["multiValueHeaders"].items()}
        self.body: str = answer["body"]
        if answer["isBase64Encoded"]:
            content = base64.b64decode(self.body)
            assert self.headers["Content-Encoding"] == "gzip"
            self.body = gzip.decompress(content).decode()

    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)

    def problem(self, *more: str) -> tuple[int, str]:
        """Return status and code, once the body is seen to be an RFC 9457 problem."""
        problem = self.json()
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.headers["Cache-Control"] == "no-store"
        assert problem.keys() == {"type", "title", "status", "code", "detail", "instance", *more}
        assert problem["status"] == self.status
        return self.status, problem["code"]


def ask(api: Api, name: str, **changes: Any) -> Answer:  # noqa: ANN401 - any JSON
    """Send a sample event, some of it changed."""
    asked = {**event(name), **changes}
    answer = Answer(api.answer(asked, Context()))  # type: ignore[arg-type]
    _check_is_documented(asked, answer)
    return answer


def request(  # noqa: PLR0913 - the parts of a request
    api: Api,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    **context: Any,  # noqa: ANN401 - any JSON
) -> Answer:
    """Send a request as API Gateway would, bytes as base64."""
    is_bytes = isinstance(body, bytes)
    many = {name: [value] for name, value in (headers or {}).items()}
    base = event("api_order.json")
    identity = {**base["requestContext"]["identity"], **context}
    return ask(
        api,
        "api_order.json",
        path=path,
        httpMethod=method,
        headers=dict(headers or {}),
        multiValueHeaders=many,
        queryStringParameters=dict(query) if query else None,
        multiValueQueryStringParameters={k: [v] for k, v in query.items()} if query else None,
        body=base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        isBase64Encoded=is_bytes,
        requestContext={**base["requestContext"], "identity": identity},
    )


# What is documented


def _check_is_documented(asked: dict[str, Any], answer: Answer) -> None:
    operation = _operation(asked["httpMethod"], asked["path"])
    if operation is None:  # what no operation is for: 404, 405
        return
    documented = operation["responses"][str(answer.status)]
    needed = {name for name, header in documented.get("headers", {}).items() if header["required"]}
    assert needed <= answer.headers.keys()
    if asked["httpMethod"] == "HEAD" or answer.status == 304:
        assert answer.body == ""
        return
    media_type = answer.headers["Content-Type"].partition(";")[0]
    schema = documented["content"][media_type]["schema"]
    if media_type.endswith("json"):
        validator = Draft202012Validator({**schema, "components": CLOSED})
        validator.validate(answer.json())


def _operation(method: str, path: str) -> Any:  # noqa: ANN401 - JSON
    paths = DOCUMENT["paths"]
    whole = path if path in paths else next(filter(lambda one: _is_of(path, one), paths), None)
    known = "get" if method == "HEAD" else method.lower()
    return paths[whole].get(known) if whole else None


def _is_of(path: str, template: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) is not None


def _closed(node: Any) -> Any:  # noqa: ANN401 - JSON
    """Let objects hold what is documented and nothing else."""
    if isinstance(node, list):
        return [_closed(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    if node.get("type") == "object" and "properties" in node:
        closed["additionalProperties"] = False
    return closed


CLOSED = _closed(copy.deepcopy(DOCUMENT["components"]))
