"""Validation: the bytes of a record in, an order or the reasons against it out; never an exception.

Most values are plain orders, which pydantic reads in half the time; whatever is not is read again
by Python's own JSON reader, which tells keys that stand twice and where each fault lies.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from orders import notation
from orders.faults import explain
from orders.model import Order, is_order_uid
from orders.record import Fault, Record, Rejection

VERSION: Final = 1
"""Raised whenever what is accepted changes, so that a rejection tells which rules it met."""
LARGEST_VALUE_BYTES: Final = 1_048_576
MOST_FAULTS: Final = 100
"""How many faults of one record are listed; the rest is only counted."""


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
    fault = record.damage or _fault_of_whole(record.value)
    if fault:
        return Rejection((fault,))
    value = record.value or b""
    order = _plain_order(value)
    if order and not (strict_totals and _faults_of_totals(order)):
        return order
    try:
        return _check(*notation.parse(value), strict_totals=strict_totals)
    except UnicodeDecodeError as error:
        code, sentence = "not_utf8", f"The value is not UTF-8 at byte {error.start}."
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        code, sentence = "not_json", f"The value is not JSON at {place}: {error.msg}."
    except RecursionError:
        code, sentence = "too_deep", "The value is nested too deeply; an order has three levels."
    return Rejection((Fault("", code, sentence),))


def _fault_of_whole(value: bytes | None) -> Fault | None:
    if value is None:
        return Fault("", "tombstone", "The record has no value (a tombstone); send the order.")
    if not value:
        return Fault("", "empty_value", "The value is empty; send the order as JSON.")
    if len(value) > LARGEST_VALUE_BYTES:
        sizes = f"{len(value)} bytes; an order may have {LARGEST_VALUE_BYTES}"
        return Fault("", "too_large", f"The value has {sizes}.")
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


def _check(document: Any, suspicious: bool, *, strict_totals: bool) -> Order | Rejection:  # noqa: ANN401, FBT001 - JSON, and parse's pair
    faults: list[Fault] = []
    if suspicious:
        document = notation.cleaned(document, (), faults)
    try:
        order = Order.model_validate(document)
    except ValidationError as error:
        known = {fault.path for fault in faults}
        found = [explain(detail) for detail in error.errors(include_url=False)]
        faults += [fault for fault in found if fault.path not in known]
    else:
        faults += _faults_of_totals(order) if strict_totals else []
        if not faults:
            return order
    return Rejection(_bounded(faults), _order_uid(document))


def _bounded(faults: list[Fault]) -> tuple[Fault, ...]:
    if len(faults) <= MOST_FAULTS:
        return tuple(faults)
    more = f"{len(faults) - MOST_FAULTS} more faults are not listed."
    return (*faults[:MOST_FAULTS], Fault("", "too_many_faults", more))


def _order_uid(document: Any) -> str | None:  # noqa: ANN401 - JSON
    uid = document.get("order_uid") if isinstance(document, dict) else None
    return uid if isinstance(uid, str) and is_order_uid(uid) else None


def _faults_of_totals(order: Order) -> list[Fault]:
    payment = order.payment
    expected = {
        "goods_total": (sum(item.total_price for item in order.items), "the items' total_price"),
        "amount": (
            payment.goods_total + payment.delivery_cost + payment.custom_fee,
            "goods_total, delivery_cost and custom_fee",
        ),
    }
    return [
        Fault(
            f"/payment/{field}",
            "inconsistent_total",
            f"payment.{field} is {getattr(payment, field)}, but {parts} sum up to {total}.",
        )
        for field, (total, parts) in expected.items()
        if getattr(payment, field) != total
    ]
