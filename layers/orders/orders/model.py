"""Model: the order as its producers send it, field for field, and nothing else.

What this model accepts, PostgreSQL stores; what it dumps equals as JSON what was accepted.
"""

import hashlib
import re
from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

PERSONAL: Final = "x-personal"
"""Marks, in the schema too, what may tell of a person; the value of it is never shown unmasked."""
ORDER_UID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$"
CURRENCY_PATTERN: Final = r"^[A-Z]{3}$"
LARGEST_INTEGER: Final = 2**63 - 1
"""What a bigint column holds."""

_ORDER_UID: Final = re.compile(ORDER_UID_PATTERN)

# RFC 3339, upper case, without leap seconds; PostgreSQL takes offsets of less than 16 hours.
# Written for every dialect of regular expressions (no look-around), for the schema's readers.
_YEAR: Final = "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_DAY_OF_YEAR: Final = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_FOURTH: Final = "(?:0[48]|[2468][048]|[13579][26])"
_LEAP_DAY: Final = f"(?:[0-9]{{2}}{_FOURTH}|{_FOURTH}00)-02-29"
_TIME: Final = r"(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}(?:\.[0-9]{1,9})?"
_OFFSET: Final = "(?:Z|[+-](?:0[0-9]|1[0-5]):[0-5][0-9])"
TIMESTAMP_PATTERN: Final = f"^(?:{_YEAR}-{_DAY_OF_YEAR}|{_LEAP_DAY})T{_TIME}{_OFFSET}$"


def is_order_uid(text: str) -> bool:
    """Tell whether a text could be the id of an order."""
    return _ORDER_UID.fullmatch(text) is not None


# PostgreSQL's text holds no NUL, and `orders.notation` finds it; this tells readers of the schema.
_STORABLE: Final = {"pattern": r"^[^\x00]*$"}

OrderUid = Annotated[
    str, Field(pattern=ORDER_UID_PATTERN, description="Its producer's choice, and unique for ever.")
]
Label = Annotated[str, Field(max_length=255, json_schema_extra=_STORABLE)]
Text = Annotated[str, Field(max_length=4096, json_schema_extra=_STORABLE)]
Currency = Annotated[str, Field(pattern=CURRENCY_PATTERN, description="As in ISO 4217.")]
Timestamp = Annotated[
    str,
    Field(
        max_length=64,
        pattern=TIMESTAMP_PATTERN,
        description="As in RFC 3339; it is kept to the letter.",
        json_schema_extra={"format": "date-time"},
    ),
]
Whole = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Percent = Annotated[int, Field(ge=0, le=100)]
_Personal = Field(json_schema_extra={PERSONAL: True})


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Delivery(_Part):
    """Who receives the order, and where."""

    name: Text
    phone: Label
    zip: Label
    city: Text
    address: Text
    region: Text
    email: Text


class Payment(_Part):
    """How the order was paid; amounts are whole numbers in units of the currency."""

    transaction: Annotated[Label, _Personal, Field(description="The payment's id at the provider.")]
    request_id: Annotated[Label, _Personal]
    currency: Currency
    provider: Label
    amount: Annotated[
        Whole, Field(description="What is paid: `goods_total`, `delivery_cost` and `custom_fee`.")
    ]
    payment_dt: Annotated[Whole, Field(description="When it was paid, in seconds since 1970.")]
    bank: Label
    delivery_cost: Whole
    goods_total: Annotated[Whole, Field(description="The sum of the items' `total_price`.")]
    custom_fee: Whole


class Item(_Part):
    """One line of the order."""

    chrt_id: Whole
    track_number: Label
    price: Annotated[Whole, Field(description="Before the discount.")]
    rid: Label
    name: Text
    sale: Annotated[Percent, Field(description="The discount in percent.")]
    size: Label
    total_price: Annotated[Whole, Field(description="After the discount.")]
    nm_id: Whole
    brand: Text
    status: Whole


class Order(_Part):
    """An order; immutable once stored."""

    order_uid: OrderUid
    track_number: Label
    entry: Label
    delivery: Annotated[Delivery, _Personal]
    payment: Payment
    items: Annotated[list[Item], Field(min_length=1, max_length=5000)]
    locale: Label
    internal_signature: Annotated[Text, _Personal]
    customer_id: Annotated[Label, _Personal]
    delivery_service: Label
    shardkey: Label
    sm_id: Whole
    date_created: Timestamp
    oof_shard: Label

    def digest(self) -> bytes:
        """Return the SHA-256 of the canonical JSON: compact, UTF-8, in this model's field order."""
        return hashlib.sha256(self.model_dump_json().encode()).digest()


class EncodedOrder(NamedTuple):
    """An order ready to be answered: its canonical JSON and the digest of it in hexadecimal."""

    order_uid: str
    body: str
    digest: str
