"""Make bad records: a valid order in, a record value that must be quarantined out.

Every kind is one function named for what is wrong. The record key keeps the order's id, so each
can be traced to its quarantine entry.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devstack.producer.orders import Order, encode
from orders.validation import LARGEST_VALUE_BYTES, MOST_FAULTS

Spoil = Callable[[Order], bytes | None]


@dataclass(frozen=True)
class BadKind:
    """One way for a record to be wrong, and the fault code ingestion must answer with."""

    name: str
    code: str
    spoil: Spoil


_kinds: dict[str, BadKind] = {}
KINDS: Mapping[str, BadKind] = _kinds
"""Every kind that is produced, by its name, in a fixed order."""
_unsent: dict[str, BadKind] = {}
UNSENT_KINDS: Mapping[str, BadKind] = _unsent
"""Kinds that are not produced: brokers or the default settings would not let them be refused."""


def examples() -> dict[str, BadKind]:
    """Return one kind for each code that a value by itself can earn."""
    known = [*KINDS.values(), *UNSENT_KINDS.values()]
    return {kind.code: kind for kind in reversed(known)}


def _expecting(code: str, *, among: dict[str, BadKind] = _kinds) -> Callable[[Spoil], Spoil]:
    def register(spoil: Spoil) -> Spoil:
        among[spoil.__name__] = BadKind(spoil.__name__, code, spoil)
        return spoil

    return register


# Values that are no JSON at all


@_expecting("tombstone")
def tombstone(_: Order) -> None:
    """Send a null value, which would delete the key from a compacted topic."""


@_expecting("empty_value")
def empty_value(_: Order) -> bytes:
    """Send no bytes where an order should be."""
    return b""


@_expecting("not_json")
def plain_text(order: Order) -> bytes:
    """Write a sentence for people."""
    return f"order {order['order_uid']} is ready".encode()


@_expecting("not_json")
def truncated(order: Order) -> bytes:
    """Cut off the second half of an order."""
    value = json.dumps(order).encode()
    return value[: len(value) // 2]


@_expecting("not_utf8")
def windows_1251(order: Order) -> bytes:
    """Write Cyrillic in the encoding of old Windows."""
    value = json.dumps(_with_delivery(order, name="?")).encode()
    return value.replace(b'"name": "?"', '"name": "Пётр Щукин"'.encode("cp1251"), 1)


# JSON that says something else than an order


@_expecting("wrong_type")
def list_of_orders(order: Order) -> bytes:
    """Write an array where one order should be."""
    return encode([order])


@_expecting("duplicate_key")
def repeated_key(order: Order) -> bytes:
    """Write the same name twice, where parsers disagree on which value counts (RFC 8259, 4)."""
    return encode(order)[:-1] + b',"customer_id":"somebody else"}'


@_expecting("unknown_field")
def unknown_field(order: Order) -> bytes:
    """Add a field the model does not have."""
    return encode({**order, "coupon": "SPRING"})


@_expecting("missing_field")
def missing_field(order: Order) -> bytes:
    """Leave the payment amount out."""
    payment = {name: value for name, value in order["payment"].items() if name != "amount"}
    return encode({**order, "payment": payment})


@_expecting("wrong_type")
def null_field(order: Order) -> bytes:
    """Write a null where a text is required."""
    return encode({**order, "locale": None})


@_expecting("wrong_type")
def number_as_text(order: Order) -> bytes:
    """Put a number in quotation marks."""
    return encode(_with_payment(order, amount=str(order["payment"]["amount"])))


@_expecting("wrong_type")
def fraction(order: Order) -> bytes:
    """Write money with cents where a whole number is required."""
    return encode(_with_payment(order, amount=18.17))


@_expecting("wrong_type")
def not_a_number(order: Order) -> bytes:
    """Write NaN, which some writers emit and RFC 8259 does not allow."""
    return encode(_with_payment(order, amount=float("nan")))


@_expecting("wrong_type")
def boolean(order: Order) -> bytes:
    """Write `true`, which lax readers count as 1."""
    return encode({**order, "sm_id": True})


# Orders that PostgreSQL could not hold, or nobody could read


@_expecting("nul_character")
def nul_character(order: Order) -> bytes:
    """Put U+0000 into a name, which PostgreSQL's text cannot hold."""
    return encode(_with_delivery(order, name="Test\x00Testov"))


@_expecting("lone_surrogate")
def lone_surrogate(order: Order) -> bytes:
    r"""Write half an emoji as a `\u` escape: text that has no UTF-8 form."""
    return json.dumps(_with_delivery(order, city="Haifa \ud83d")).encode()


@_expecting("out_of_range")
def too_large_number(order: Order) -> bytes:
    """Ask for 2^63, one more than a bigint holds."""
    return encode(_with_payment(order, amount=2**63))


@_expecting("out_of_range")
def negative_price(order: Order) -> bytes:
    """Price an item at less than nothing."""
    return encode(_with_first_item(order, price=-1))


@_expecting("out_of_range")
def sale_over_100(order: Order) -> bytes:
    """Take more than the whole price off."""
    return encode(_with_first_item(order, sale=101))


@_expecting("bad_format")
def local_date(order: Order) -> bytes:
    """Write a date as people do, not as RFC 3339 does."""
    return encode({**order, "date_created": "26.11.2021 06:22"})


@_expecting("bad_format")
def impossible_date(order: Order) -> bytes:
    """Name a day the calendar does not have."""
    return encode({**order, "date_created": "2021-02-30T06:22:19Z"})


@_expecting("bad_format")
def lower_case_currency(order: Order) -> bytes:
    """Write a currency that is no ISO 4217 code."""
    return encode(_with_payment(order, currency="usd"))


@_expecting("bad_format")
def malformed_order_uid(order: Order) -> bytes:
    """Make the id one that could not stand in an address."""
    return encode({**order, "order_uid": f"../{order['order_uid']}"})


@_expecting("too_short")
def no_items(order: Order) -> bytes:
    """Order nothing."""
    return encode({**order, "items": []})


@_expecting("too_long")
def too_long_text(order: Order) -> bytes:
    """Write a track number nobody could type."""
    return encode({**order, "track_number": "W" * 300})


@_expecting("too_deep")
def nested_too_deeply(_: Order) -> bytes:
    """Open more brackets than a reader has stack for."""
    return b"[" * 100_000


# What does not come about by producing alone


@_expecting("too_large", among=_unsent)
def too_large(order: Order) -> bytes:
    """Write an order of more bytes than one may have; a broker by its default takes no such one."""
    return encode(order) + b" " * LARGEST_VALUE_BYTES


@_expecting("inconsistent_total", among=_unsent)
def inconsistent_total(order: Order) -> bytes:
    """Ask for more than the parts sum up to, which only STRICT_TOTALS forbids."""
    return encode(_with_payment(order, amount=order["payment"]["amount"] + 1))


@_expecting("too_many_faults", among=_unsent)
def too_many_faults(order: Order) -> bytes:
    """Add more fields than faults are listed: the code is the last one's, not the first's."""
    return encode(order | {f"field{number}": number for number in range(MOST_FAULTS + 1)})


KINDS_WITH_VALUES = tuple(name for name in KINDS if name != tombstone.__name__)
"""What can be sent to NATS, which has no null."""


def _with_payment(order: Order, **changes: object) -> Order:
    return {**order, "payment": {**order["payment"], **changes}}


def _with_delivery(order: Order, **changes: object) -> Order:
    return {**order, "delivery": {**order["delivery"], **changes}}


def _with_first_item(order: Order, **changes: object) -> Order:
    first, *others = order["items"]
    return {**order, "items": [{**first, **changes}, *others]}
