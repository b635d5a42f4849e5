"""Differences: an order as sent and as stored in, the fields that are not the same out."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from devstack.producer.orders import encode
from devstack.prove.verdict.evidence import StoredOrder

_SHOWN_DIFFERENCES = 5
_SHOWN_LETTERS = 60


def differences(sent: bytes, order: StoredOrder) -> str | None:
    """Tell how a stored order differs from the very bytes that were sent; None: in nothing."""
    found = list(_of(sent, order))
    more = len(found) - _SHOWN_DIFFERENCES
    shown = [*found[:_SHOWN_DIFFERENCES], *([f"and {more} more"] if more > 0 else [])]
    return "; ".join(shown) or None


def _of(sent: bytes, order: StoredOrder) -> Iterator[str]:
    whole = order.document
    if encode(whole) != sent:
        whole = json.loads(sent)
        yield from _between("", whole, order.document)
    if order.digest != hashlib.sha256(sent).hexdigest():
        yield "content_digest is not that of what was sent"
    created = whole["date_created"]
    if order.created_ms != int(datetime.fromisoformat(created).timestamp() * 1000):
        yield f"the column date_created is another moment than {created}"
    if order.positions != list(range(len(order.positions))):
        yield f"items have the positions {_shown(order.positions)}"


def _between(path: str, sent: Any, stored: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(sent, dict) and isinstance(stored, dict):
        yield from _between_objects(path, sent, stored)
    elif isinstance(sent, list) and isinstance(stored, list):
        yield from _between_objects(path, dict(enumerate(sent)), dict(enumerate(stored)))
    elif stored is None:
        yield f"{path} is missing"
    elif encode(sent) != encode(stored):
        yield f"{path} is {_shown(stored)}, was sent as {_shown(sent)}"


def _between_objects(path: str, sent: dict[Any, Any], stored: dict[Any, Any]) -> Iterator[str]:
    for name, value in sent.items():
        yield from _between(_below(path, name), value, stored.get(name))
    for name in stored.keys() - sent.keys():
        yield f"{_below(path, name)} was never sent"


def _below(path: str, name: str | int) -> str:
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else name


def _shown(value: object) -> str:
    text = encode(value).decode()
    return text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}…"
