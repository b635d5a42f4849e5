"""Generate orders: a seed and a number in, an order as JSON would hold it out.

The same seed and number always give the same order, whatever else was generated before.
"""

import hashlib
import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from devstack.producer.places import (
    BANKS,
    COUNTRIES,
    DELIVERY_SERVICES,
    MAILBOXES,
    PRODUCTS,
    Country,
    Product,
)

Order = dict[str, Any]

ITEM_COUNTS: Mapping[int, int] = {1: 25, 2: 23, 3: 19, 4: 13, 5: 9, 6: 6, 7: 3, 8: 2}
"""How many items an order has → how often, in percent; three on average."""
STATUSES = (202, 202, 202, 200, 201, 400)
_FIRST_DAY = datetime(2021, 11, 26, 6, 22, 19, tzinfo=UTC)
_DAYS = 1500
_ID_LENGTH = 19


def order(seed: int, number: int) -> Order:
    """Make order `number` of `seed`; its totals agree.

    `total_price` is the price less `sale` percent, rounded down; `goods_total` the sum of these;
    `amount` what is paid: goods, delivery and customs fee.
    """
    draw = random.Random(f"{seed}/{number}")  # noqa: S311 - repeatable, guards nothing
    order_uid = _identifier(seed, number)
    track_number = f"WB{draw.choice(('IL', 'RU', 'KZ', 'DE'))}{draw.randrange(10**10):010}"
    country = draw.choice(COUNTRIES)
    items = [_item(draw, track_number) for _ in range(_item_count(draw))]
    created = _FIRST_DAY + timedelta(seconds=draw.randrange(_DAYS * 86_400))
    return {
        "order_uid": order_uid,
        "track_number": track_number,
        "entry": track_number[:4],
        "delivery": _delivery(draw, country),
        "payment": _payment(draw, order_uid, country, created, items),
        "items": items,
        "locale": country.locale,
        "internal_signature": "",
        "customer_id": f"customer-{draw.randrange(5000)}",
        "delivery_service": draw.choice(DELIVERY_SERVICES),
        "shardkey": str(draw.randrange(10)),
        "sm_id": draw.randrange(1, 100),
        "date_created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "oof_shard": str(draw.randrange(1, 3)),
    }


def encode(value: object) -> bytes:
    """Write an order (or any value) as compact JSON in UTF-8, letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _identifier(seed: int, number: int) -> str:
    return hashlib.sha256(f"{seed}/{number}".encode()).hexdigest()[:_ID_LENGTH]


def _item_count(draw: random.Random) -> int:
    (count,) = draw.choices(tuple(ITEM_COUNTS), tuple(ITEM_COUNTS.values()))
    return count


def _delivery(draw: random.Random, country: Country) -> Order:
    city, region = draw.choice(country.cities)
    people = draw.choice(country.people)
    return {
        "name": f"{draw.choice(people.given)} {draw.choice(people.surnames)}",
        "phone": _digits(draw, country.phone),
        "zip": _digits(draw, country.zip_pattern),
        "city": city,
        "address": f"{draw.choice(country.streets)} {draw.randrange(1, 200)}",
        "region": region,
        "email": f"{draw.choice(MAILBOXES)}{draw.randrange(10_000)}@example.com",
    }


def _item(draw: random.Random, track_number: str) -> Order:
    product: Product = draw.choice(PRODUCTS)
    price = draw.randrange(*product.prices)
    sale = draw.choice((0, 0, 5, 10, 15, 30, 50))
    return {
        "chrt_id": draw.randrange(1_000_000, 100_000_000),
        "track_number": track_number,
        "price": price,
        "rid": f"{draw.getrandbits(80):020x}",
        "name": product.name,
        "sale": sale,
        "size": draw.choice(product.sizes),
        "total_price": price * (100 - sale) // 100,
        "nm_id": draw.randrange(1_000_000, 100_000_000),
        "brand": product.brand,
        "status": draw.choice(STATUSES),
    }


def _payment(
    draw: random.Random, order_uid: str, country: Country, created: datetime, items: list[Order]
) -> Order:
    goods_total = sum(item["total_price"] for item in items)
    delivery_cost = draw.choice((0, 199, 350, 500, 1500))
    custom_fee = draw.choice((0, 0, 0, 0, goods_total // 10))
    return {
        "transaction": order_uid,
        "request_id": "",
        "currency": country.currency,
        "provider": "wbpay",
        "amount": goods_total + delivery_cost + custom_fee,
        "payment_dt": int(created.timestamp()) + draw.randrange(600),
        "bank": draw.choice(BANKS),
        "delivery_cost": delivery_cost,
        "goods_total": goods_total,
        "custom_fee": custom_fee,
    }


def _digits(draw: random.Random, pattern: str) -> str:
    return "".join(str(draw.randrange(10)) if sign == "#" else sign for sign in pattern)
