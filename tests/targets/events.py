"""The ten events: what is sent to every place, and what must come of it.

Each is one of events/, under an order id and a topic of its own: a place may hold other orders.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from devstack.samples import SAMPLE_ORDER_UID
from tests.targets.batches import batch, mixed_batch, read, tombstone
from tests.targets.database import session, slow
from tests.targets.place import Answer, Place

INGEST: Final = "IngestOrdersFunction"
ACCEPTED: Final = '{"batchItemFailures": []}'


@dataclass(frozen=True)
class Event:
    """What happens, what is asked, and what the handler must answer and write."""

    name: str
    sent: str
    """What is sent, for the reader of the table."""
    ask: Callable[[Place], Answer]
    answer: Mapping[str, str]
    """Fields that the direct call must have, so that nowhere the same failure passes for parity."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """Table → rows that come, or are there in another state."""


def _invocation(event: Callable[[], Mapping[str, Any]]) -> Callable[[Place], Answer]:
    return lambda place: place.invoke(INGEST, event())


def _request(file: str, order_uid: str = SAMPLE_ORDER_UID) -> Callable[[Place], Answer]:
    return lambda place: place.request(
        json.loads(json.dumps(read(file)).replace(SAMPLE_ORDER_UID, order_uid))
    )


def prepare(place: Place) -> None:
    """Have the environments of reader and writer started, so that they hold nothing yet."""
    place.request(read("api_health.json"))
    place.invoke(INGEST, {**read("kafka_one_order.json"), "records": {}})


def _time_out(place: Place) -> Answer:
    """Exceed the function's time with nothing but SQL, which is the same in every place.

    The handlers are the real ones, and no process has to be found in a container to be stopped.
    """
    with session(place.database) as opened, slow(opened):
        return place.invoke(INGEST, batch("parity-time-out", "paritytimeout"))


def _rows_of_orders(count: int) -> dict[str, int]:
    return dict.fromkeys(("orders", "deliveries", "payments", "items"), count)


EVENTS: Final = (
    Event(
        "batch",
        "`kafka_one_order.json`, three orders of it",
        _invocation(lambda: batch("parity-batch", "parityone", "paritytwo", "paritythree")),
        {"status": "200", "body": ACCEPTED},
        {**_rows_of_orders(3), "ingested_offsets": 1},
    ),
    Event(
        "mixed batch",
        "`kafka_mixed_batch.json`: two good orders, a duplicate, eight records that are none",
        _invocation(mixed_batch),
        {"status": "200", "body": ACCEPTED},
        {
            **_rows_of_orders(2),
            "ingested_offsets": 2,
            "quarantined_records": 8,
            "quarantine_attempts": 8,
        },
    ),
    Event(
        "tombstone",
        "`kafka_one_order.json` without its value",
        _invocation(tombstone),
        {"status": "200", "body": ACCEPTED},
        {"quarantined_records": 1, "quarantine_attempts": 1, "ingested_offsets": 1},
    ),
    Event(
        "duplicate",
        "an order of the first batch, at another offset",
        _invocation(lambda: batch("parity-duplicate", "parityone")),
        {"status": "200", "body": ACCEPTED},
        {"ingested_offsets": 1},
    ),
    Event(
        "look-up, miss",
        "`api_order.json` for an order of the first batch",
        _request("api_order.json", "parityone"),
        {"status": "200", "header x-cache": "MISS"},
    ),
    Event(
        "look-up, hit",
        "the same again",
        _request("api_order.json", "parityone"),
        {"status": "200", "header x-cache": "HIT"},
    ),
    Event(
        "404",
        "`api_order_missing.json`",
        _request("api_order_missing.json"),
        {"status": "404", "header content-type": "application/problem+json"},
    ),
    Event(
        "POST",
        "`api_submit_order.json`",
        _request("api_submit_order.json", "parityposted"),
        {"status": "201", "header location": "/order/parityposted"},
        _rows_of_orders(1),
    ),
    Event(
        "bad POST",
        "`api_submit_order_invalid.json`",
        _request("api_submit_order_invalid.json", "paritybad"),
        {"status": "422", "header content-language": "ru"},
    ),
    Event(
        "time-out",
        "`kafka_one_order.json` to a database so slow that every statement is in time, but not all",
        _time_out,
        {"status": "200", "FunctionError": "Unhandled", "errorType": "Sandbox.Timedout"},
    ),
)
