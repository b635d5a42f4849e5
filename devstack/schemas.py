"""Schemas: what the code says in, the committed documents that repeat it out.

`python -m devstack.schemas` writes them; with `--check` it only tells which of them drifted.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from devstack.settings import ROOT
from orders.api import openapi
from orders.schema import order_schema

Document = tuple[Path, str]


def _openapi() -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return openapi.document(project["version"])


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


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Write the documents, or check them; 1 when one of them drifted."""
    parser = argparse.ArgumentParser(prog="python -m devstack.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when one drifted")
    if parser.parse_args(arguments).check:
        found = [path.relative_to(root) for path in drifted(documents(root))]
        for path in found:
            sys.stderr.write(f"{path} drifted; `python -m devstack.schemas` writes it anew\n")
        return 1 if found else 0
    for path, text in documents(root):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
