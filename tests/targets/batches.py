"""Batches: files of events/ in, the same under topics and order ids of their own out.

A place may hold other orders, and other offsets of the topic.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from devstack.samples import SAMPLE_ORDER_UID
from tests.servers import ROOT


def read(file: str) -> dict[str, Any]:
    """Read a sample event."""
    event: dict[str, Any] = json.loads((ROOT / "events" / file).read_text(encoding="utf-8"))
    return event


def batch(topic: str, *order_uids: str) -> dict[str, Any]:
    """Make a batch of sample orders under these ids."""
    event = read("kafka_one_order.json")
    ((record,),) = event["records"].values()
    records = [
        _record({**record, "offset": offset}, topic, order_uid)
        for offset, order_uid in enumerate(order_uids)
    ]
    return {**event, "records": {f"{topic}-0": records}}


def mixed_batch() -> dict[str, Any]:
    """Make the mixed batch, its orders under ids of their own."""
    event, topic = read("kafka_mixed_batch.json"), "parity-mixed"
    records = {
        f"{topic}-{some[0]['partition']}": [_record(one, topic, "paritymixed") for one in some]
        for some in event["records"].values()
    }
    return {**event, "records": records}


def tombstone() -> dict[str, Any]:
    """Make a batch of one record without a value."""
    event = batch("parity-tombstone", "paritytombstone")
    for (record,) in event["records"].values():
        del record["value"]
    return event


def _record(record: Mapping[str, Any], topic: str, order_uid: str) -> dict[str, Any]:
    moved = {**record, "topic": topic}
    try:
        value = base64.b64decode(record["value"], validate=True)
    except (KeyError, ValueError):  # a tombstone, or what is none of base64
        return moved
    renamed = value.replace(SAMPLE_ORDER_UID.encode(), order_uid.encode())
    return {**moved, "value": base64.b64encode(renamed).decode()}
