"""The contents: chance in, records of every kind out, and what each must come to.

The values are few and made once, and each is judged once by the layer's own rules.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from random import Random
from typing import Any

from devstack.producer.orders import encode
from orders import validation
from orders.model import Order
from orders.record import Record, Rejection
from orders.validation import Accepted, Refused, Verdict

UNWANTED = "UNWANTED"
PATTERN = f'{{"value": {{"entry": [{{"anything-but": ["{UNWANTED}"]}}]}}}}'
"""A filter pattern that the unwanted do not pass, nor a record without a value."""


class Kind(StrEnum):
    """What a record is made to be."""

    GOOD = "good"
    REPEAT = "repeated"
    CONFLICT = "contradicting"
    BAD = "bad"
    TOMBSTONE = "without a value"
    REFUSED = "refused by the database"
    UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True)
class Content:
    """A record before it has a place; `gap` offsets before its own are Kafka's."""

    number: int
    kind: Kind
    order: int
    value: bytes | None
    gap: int

    @property
    def order_uid(self) -> str:
        return order_uid(self.order)

    @property
    def code(self) -> str | None:
        """Return the code of the fault that a record must be refused for, whatever came before."""
        if self.kind is Kind.BAD:
            return "not_json" if _is_text(self.order) else "wrong_type"
        return _CODES.get(self.kind)


_SHARES = {
    Kind.GOOD: 56,
    Kind.REPEAT: 12,
    Kind.CONFLICT: 10,
    Kind.BAD: 9,
    Kind.TOMBSTONE: 3,
    Kind.REFUSED: 4,
    Kind.UNWANTED: 6,
}
_KINDS, _WEIGHTS = tuple(_SHARES), tuple(_SHARES.values())
_CODES = {Kind.TOMBSTONE: "tombstone", Kind.REFUSED: "refused_by_database"}
_OF_EARLIER = (Kind.REPEAT, Kind.CONFLICT)


def contents(draw: Random, count: int) -> Iterator[Content]:
    """Draw records; what repeats or contradicts an order comes after it."""
    orders: list[int] = []
    for number in range(count):
        kind = draw.choices(_KINDS, _WEIGHTS)[0] if orders else Kind.GOOD
        order = draw.choice(orders) if kind in _OF_EARLIER else number
        if kind in (Kind.GOOD, Kind.REFUSED):
            orders.append(order)
        gap = draw.choice((0, 0, 0, 0, 1, 5))
        yield Content(number, kind, order, value(kind, order), gap)


def order_uid(number: int) -> str:
    return f"order-{number}"


def value(kind: Kind, order: int) -> bytes | None:
    """Write a record of an order."""
    return None if kind is Kind.TOMBSTONE else _value(kind, order)


@cache
def _value(kind: Kind, order: int) -> bytes:
    whole = _order(order)
    if kind is Kind.CONFLICT:
        whole["customer_id"] = "another"
    if kind is Kind.UNWANTED:
        whole["entry"] = UNWANTED
    if kind is Kind.REFUSED:
        whole["customer_id"] = REFUSED_CUSTOMER
    if kind is Kind.BAD:
        if _is_text(order):
            return f"order {order} is ready".encode()
        whole["payment"]["amount"] = "much"
    return encode(whole)


def _is_text(order: int) -> bool:
    return order % 2 == 1


REFUSED_CUSTOMER = "whom the database refuses"
"""Validation lets it through."""


def judge(record: Record) -> Verdict:
    """Judge as the layer does, each value once."""
    if record.damage:
        return validation.judge(record)
    judged = _judged(record.value)
    return Refused(record, judged) if isinstance(judged, Rejection) else Accepted(record, *judged)


@cache
def _judged(value: bytes | None) -> tuple[Order, bytes] | Rejection:
    verdict = validation.judge(Record("orders", 0, 0, None, "", None, value))
    if isinstance(verdict, Refused):
        return verdict.rejection
    return verdict.order, verdict.digest


def _order(number: int) -> dict[str, Any]:
    return {**json.loads(_ORDER), "order_uid": order_uid(number)}


_ORDER = """{
    "order_uid": "", "track_number": "", "entry": "WBIL",
    "delivery": {
        "name": "", "phone": "", "zip": "", "city": "", "address": "", "region": "", "email": ""
    },
    "payment": {
        "transaction": "", "request_id": "", "currency": "RUB", "provider": "", "amount": 1,
        "payment_dt": 0, "bank": "", "delivery_cost": 0, "goods_total": 1, "custom_fee": 0
    },
    "items": [{
        "chrt_id": 1, "track_number": "", "price": 1, "rid": "", "name": "", "sale": 0, "size": "",
        "total_price": 1, "nm_id": 1, "brand": "", "status": 202
    }],
    "locale": "", "internal_signature": "", "customer_id": "", "delivery_service": "",
    "shardkey": "", "sm_id": 1, "date_created": "2021-11-26T06:22:19Z", "oof_shard": ""
}"""
"""The smallest there is: histories are about records, not about what stands in them."""
