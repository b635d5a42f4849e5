"""Methods beside ANY: the built template in, one that SAM CLI serves as API Gateway does out.

Where a path has ANY and POST, API Gateway has POST win, and SAM CLI 1.170 chance: it keeps routes
in a set and serves the last. Here ANY is each of the methods that are left.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devstack.sam import document

_ANY = "x-amazon-apigateway-any-method"
_METHODS = ("delete", "get", "head", "options", "patch", "post", "put")


def separate(built: Path) -> Path:
    """Write such a template beside the built one, whose paths are relative; return it."""
    content = document.load(built.read_text(encoding="utf-8"))
    for resource in content["Resources"].values():
        definition = resource.get("Properties", {}).get("DefinitionBody", {})
        for path, methods in definition.get("paths", {}).items():
            definition["paths"][path] = _separated(methods)
    separated = built.with_name("sam-local.json")  # which SAM CLI reads a second sooner than YAML
    unfinished = built.with_name(f"sam-local.{os.getpid()}")
    unfinished.write_text(json.dumps(content, default=str), encoding="utf-8")  # dates of policies
    unfinished.rename(separated)  # others may read it just now
    return separated


def _separated(methods: Mapping[str, Any]) -> Mapping[str, Any]:
    if _ANY not in methods or len(methods) == 1:
        return methods
    left = dict.fromkeys(_METHODS, methods[_ANY])
    return left | {name: each for name, each in methods.items() if name != _ANY}
