"""Document: all routes in, the OpenAPI document of the service out."""

import json
from typing import Any, Final

from aws_lambda_powertools.event_handler.openapi.models import APIKey, Server, Tag

from devstack.schemas.openapi import look_ups, operators, service, submissions
from devstack.schemas.openapi.routes import LOOKING, OPERATING, SENDING, SERVING, app
from devstack.schemas.order import order_schema

_TAGS: Final = {
    LOOKING: "Orders, and what became of them.",
    SENDING: "Orders by HTTP instead of Kafka, under the same rules.",
    OPERATING: "Records that were refused: for operators, on AWS with IAM.",
    SERVING: "How the service is.",
}

_TITLE: Final = "Orders"
_DESCRIPTION: Final = (
    "HEAD is answered wherever GET is, and any other method with 405 and Allow. Answers carry "
    "X-Request-Id. What goes wrong is told as a problem (RFC 9457) whose `code` never changes; an "
    "answer that holds only `message` is API Gateway's own."
)


_DESCRIBED: Final = (look_ups, submissions, operators, service)
"""Each adds its routes to the resolver as it is imported; their order is the document's."""


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
