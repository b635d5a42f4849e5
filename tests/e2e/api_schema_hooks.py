"""What Schemathesis is told of the API beside its document: what JSON Schema cannot say."""

from typing import Any

import schemathesis
from schemathesis import HookContext


@schemathesis.hook
def map_body(context: HookContext, body: Any) -> Any:  # noqa: ANN401 - JSON
    """Write whole numbers as such: to JSON Schema 1.0 is an integer, to the order it is none."""
    assert context
    return _whole(body)


def _whole(node: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(node, float) and node.is_integer():
        return int(node)
    if isinstance(node, list):
        return [_whole(entry) for entry in node]
    if isinstance(node, dict):
        return {key: _whole(value) for key, value in node.items()}
    return node
