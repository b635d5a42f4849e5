"""Definitions of REST APIs: an OpenAPI document with Lambda integrations in, its routes out.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-extensions-integration.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

RESOURCES = ("AWS::Serverless::Api", "AWS::ApiGateway::RestApi")

_METHODS = {
    **{name: name.upper() for name in ("get", "put", "post", "delete", "options", "head", "patch")},
    "x-amazon-apigateway-any-method": "ANY",
}
_FUNCTION = re.compile(r":lambda:path/[^/]+/functions/(.+)/invocations")


class Integration(NamedTuple):
    """A method of a path, and what names the function behind it."""

    method: str
    path: str
    function: str


def integrations(properties: Mapping[str, Any]) -> Iterator[Integration]:
    """Yield what an API's definition gives to functions; one in a file of its own is not read."""
    definition = properties.get("DefinitionBody") or properties.get("Body") or {}
    for path, item in (definition.get("paths") or {}).items():
        for name in filter(_METHODS.get, item):
            integration = item[name].get("x-amazon-apigateway-integration", {})
            if function := _FUNCTION.search(str(integration.get("uri"))):
                yield Integration(_METHODS[name], path, function[1])
