"""Model: the order as its producers send it, field for field, and nothing else.

What this model accepts, PostgreSQL stores; what it dumps equals as JSON what was accepted.
"""

import hashlib
import re
from datetime import date
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

ORDER_UID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$"
CURRENCY_PATTERN: Final = r"^[A-Z]{3}$"
LARGEST_INTEGER: Final = 2**63 - 1
"""What a bigint column holds."""

_ORDER_UID: Final = re.compile(ORDER_UID_PATTERN)
# RFC 3339, upper case, without leap seconds; PostgreSQL takes offsets of less than 16 hours.
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}(?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:0[0-9]|1[0-5]):[0-5][0-9])"
)


def is_order_uid(text: str) -> bool:
    """Tell whether a text could be the id of an order."""
    return _ORDER_UID.fullmatch(text) is not None


def _timestamp(text: str) -> str:
    if _TIMESTAMP.fullmatch(text) and _is_calendar_date(text[:10]):
        return text
    code = "bad_timestamp"
    raise PydanticCustomError(code, "not a time as in RFC 3339")


def _is_calendar_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


OrderUid = Annotated[str, Field(pattern=ORDER_UID_PATTERN)]
Label = Annotated[str, Field(max_length=255)]
Text = Annotated[str, Field(max_length=4096)]
Currency = Annotated[str, Field(pattern=CURRENCY_PATTERN)]
Timestamp = Annotated[str, Field(max_length=64), AfterValidator(_timestamp)]
Whole = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Percent = Annotated[int, Field(ge=0, le=100)]


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
    """How the order was paid; amounts in the currency's units, `payment_dt` in epoch seconds."""

    transaction: Label
    request_id: Label
    currency: Currency
    provider: Label
    amount: Whole
    payment_dt: Whole
    bank: Label
    delivery_cost: Whole
    goods_total: Whole
    custom_fee: Whole


class Item(_Part):
    """One line of the order; `sale` is a discount in percent."""

    chrt_id: Whole
    track_number: Label
    price: Whole
    rid: Label
    name: Text
    sale: Percent
    size: Label
    total_price: Whole
    nm_id: Whole
    brand: Text
    status: Whole


class Order(_Part):
    """An order; immutable once stored."""

    order_uid: OrderUid
    track_number: Label
    entry: Label
    delivery: Delivery
    payment: Payment
    items: Annotated[list[Item], Field(min_length=1, max_length=5000)]
    locale: Label
    internal_signature: Text
    customer_id: Label
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
