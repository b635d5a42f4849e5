"""Committed documents: what should be in each of them, and which of them drifted."""

import json
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from devstack.schemas.openapi import document
from devstack.schemas.order import order_schema
from devstack.settings import ROOT

Document = tuple[Path, str]


def _openapi() -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return document.document(project["version"])


_SOURCES: Final[dict[str, Callable[[], dict[str, Any]]]] = {
    "docs/order.schema.json": order_schema,
    "layers/orders/orders/api/openapi.json": _openapi,
}


def documents(root: Path = ROOT) -> list[Document]:
    """Return every committed document: its file, and what should be in it."""
    return [(root / name, _text(make())) for name, make in _SOURCES.items()]


def drifted(wanted: Iterable[Document]) -> list[Path]:
    """Return the files that are missing or say something else."""
    return [path for path, text in wanted if not path.exists() or path.read_text("utf-8") != text]


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
