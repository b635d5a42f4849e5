"""Orders to show: the sample everybody knows, and changed copies of it."""

import json
from typing import Any

from devstack import samples

Order = dict[str, Any]

SAMPLE_UID = samples.SAMPLE_ORDER_UID


def sample(order_uid: str = SAMPLE_UID) -> Order:
    """Return a fresh copy of the sample order."""
    order: Order = json.loads(samples.sample().value or b"")
    return {**order, "order_uid": order_uid}


def item(name: str) -> Order:
    """Return a fresh copy of the sample's item."""
    (first,) = sample()["items"]
    return {**first, "name": name}


BY_KAFKA = {"source": "kafka", "topic": "orders", "partition": 0, "offset": 5}
BY_NATS = {"source": "nats", "topic": "nats:orders", "partition": 0, "offset": 17}
POSTED = {"source": "http", "topic": None, "partition": None, "offset": None}
"""How a record came, as the status route tells of it."""


def refused(
    *faults: tuple[str, str],
    at: str = "2026-11-21T09:00:00.123Z",
    came: dict[str, Any] = BY_KAFKA,
) -> dict[str, Any]:
    """Make a refused record, as the status route tells of it, of paths and sentences."""
    told = [{"path": path, "code": "any", "sentence": sentence} for path, sentence in faults]
    return {"code": "any", "faults": told, **came, "quarantined_at": at}


def quarantined(*records: dict[str, Any]) -> dict[str, Any]:
    """Make the status of an order that was refused, once or several times."""
    return {"state": "quarantined", "quarantined": records}
