"""Validation: the bytes of a record in, an order or the reasons against it out; never an exception.

Most values are plain orders, which pydantic reads in half the time; whatever is not is read again
by Python's own JSON reader, which tells keys that stand twice and where each fault lies.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from orders import notation
from orders.faults import Words, explain, fault, unreadable
from orders.model import Order, is_order_uid
from orders.paths import pointer
from orders.record import Fault, Record, Rejection

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

VERSION: Final = 1
"""Raised whenever what is accepted changes, so that a rejection tells which rules it met."""
LARGEST_VALUE_BYTES: Final = 1_048_576
MOST_FAULTS: Final = 100
"""How many faults of one record are listed; the rest is only counted."""

_PARTS_OF_GOODS: Final = Words("the items' total_price", "значения total_price товаров")
_PARTS_OF_AMOUNT: Final = Words(
    "goods_total, delivery_cost and custom_fee", "goods_total, delivery_cost и custom_fee"
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A record that holds an order."""

    record: Record
    order: Order
    digest: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that holds none, and why."""

    record: Record
    rejection: Rejection


Verdict = Accepted | Refused


def judge(record: Record, *, strict_totals: bool = False) -> Verdict:
    """Tell whether a record holds an order."""
    order = read_order(record, strict_totals=strict_totals)
    if isinstance(order, Rejection):
        return Refused(record, order)
    return Accepted(record, order, order.digest())


def read_order(record: Record, *, strict_totals: bool = False) -> Order | Rejection:
    """Read the order that a record holds.

    With `strict_totals`, totals that disagree are a fault too.
    """
    if record.damage:
        return Rejection((record.damage,))
    value = record.value or b""
    if reason := _fault_of_whole(record.value):
        return Rejection((reason,), notation.order_uid(value[:LARGEST_VALUE_BYTES]))
    order = _plain_order(value)
    if order and not (strict_totals and _faults_of_totals(order)):
        return order
    try:
        return _read_closely(value, strict_totals=strict_totals)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        return Rejection((unreadable(error),), notation.order_uid(value))


def _fault_of_whole(value: bytes | None) -> Fault | None:
    if value is None:
        return fault("tombstone")
    if not value:
        return fault("empty_value")
    if len(value) > LARGEST_VALUE_BYTES:
        return fault("too_large", size=len(value), most=LARGEST_VALUE_BYTES)
    return None


def _plain_order(value: bytes) -> Order | None:
    r"""Read a value that is beyond doubt an order.

    Pydantic lets a key stand twice and drops the first, and a colon with it: as many colons in the
    value as in the order written anew prove that none was dropped. The escape \u00… could hide a
    colon, or be a NUL.
    """
    if b"\\u00" in value:
        return None
    try:
        order = Order.model_validate_json(value)
    except ValidationError:
        return None
    return order if value.count(b":") == order.model_dump_json().count(":") else None


def _read_closely(value: bytes, *, strict_totals: bool) -> Order | Rejection:
    """Read a value, or find everything that is wrong with it."""
    document, suspicious = notation.parse(value)
    noted: list[notation.Noted] = []
    if suspicious:
        document = notation.cleaned(document, (), noted)
    details: list[ErrorDetails] = []
    totals: list[Fault] = []
    try:
        order = Order.model_validate(document)
    except ValidationError as error:
        known = {pointer(one.path) for one in noted}
        found = error.errors(include_url=False)
        details = [detail for detail in found if pointer(detail["loc"]) not in known]
    else:
        totals = _faults_of_totals(order) if strict_totals else []
        if not noted and not totals:
            return order
    faults = chain((fault(*one) for one in noted), map(explain, details), totals)
    count = len(noted) + len(details) + len(totals)
    return Rejection(_bounded(faults, count), _order_uid(document, value))


def _bounded(faults: Iterator[Fault], count: int) -> tuple[Fault, ...]:
    """List so many faults as are read, and make no more of them."""
    listed = tuple(islice(faults, MOST_FAULTS))
    if count <= MOST_FAULTS:
        return listed
    return (*listed, fault("too_many_faults", count=count - MOST_FAULTS))


def _order_uid(document: Any, value: bytes) -> str | None:  # noqa: ANN401 - JSON
    if not isinstance(document, dict):
        return notation.order_uid(value)
    uid = document.get("order_uid")
    return uid if isinstance(uid, str) and is_order_uid(uid) else None


def _faults_of_totals(order: Order) -> list[Fault]:
    payment = order.payment
    goods = sum(item.total_price for item in order.items)
    paid = payment.goods_total + payment.delivery_cost + payment.custom_fee
    expected = (
        ("goods_total", payment.goods_total, goods, _PARTS_OF_GOODS),
        ("amount", payment.amount, paid, _PARTS_OF_AMOUNT),
    )
    return [
        fault(
            "inconsistent_total",
            ("payment", field),
            actual,
            actual=actual,
            parts=parts,
            total=total,
        )
        for field, actual, total, parts in expected
        if actual != total
    ]
