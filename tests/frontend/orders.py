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
