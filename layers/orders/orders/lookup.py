"""Look-up: an order's id in, the order ready to be answered out; cache first, then the store."""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

from orders.cache import Absent, CacheStats, Look, OrderCache
from orders.errors import InvalidRequestError, OrderNotFoundError, StoreUnavailableError
from orders.model import ORDER_UID_PATTERN, EncodedOrder, is_order_uid

STORE_SECONDS: Final = 2.0
"""How long a look-up waits for the store."""
MALFORMED_ORDER_UID: Final = f"An order_uid matches {ORDER_UID_PATTERN}."
WARM_ORDERS: Final = 100
WARM_SECONDS: Final = 1.0

PAGE_BYTES: Final = 3 * 2**20

_PART_ORDERS: Final = 20
_WARM_CHARACTERS: Final = 16 * 2**20


class Cache(Protocol):
    """What an environment knows of orders by itself, on one level or two."""

    def look(self, order_uid: str, clock: Callable[[], float]) -> Look:
        """Tell what is known of an order."""

    def put(self, order: EncodedOrder) -> None:
        """Keep an order."""

    def put_absent(self, order_uid: str) -> None:
        """Remember for a moment that there was no such order."""

    def stats(self) -> CacheStats:
        """Return the counts so far."""


class NewestReader(Protocol):
    """Where a new environment finds its first orders; raises StoreUnavailableError."""

    def newest(self, most: int, *, seconds: float) -> list[str]:
        """Return the ids of the orders that came last, newest first."""

    def find_all(self, order_uids: Sequence[str], *, seconds: float) -> list[EncodedOrder]:
        """Return stored orders."""


class OrderReader(NewestReader, Protocol):
    """Where stored orders are found; its methods raise StoreUnavailableError."""

    def find(self, order_uid: str, *, seconds: float) -> EncodedOrder | None:
        """Return a stored order, or None."""


class Found(NamedTuple):
    """An order, and where it was found."""

    order: EncodedOrder
    hit: bool
    level: str
    """Which level of the cache had it, where there are two."""
    seconds: Mapping[str, float]
    """How long each place took that was asked."""


class Position(NamedTuple):
    """Where an order stands among all, the newest first."""

    ingested_at: datetime
    order_uid: str


class CustomerOrders(NamedTuple):
    """A page of a customer's orders, and what to ask the next one with."""

    orders: list[EncodedOrder]
    next_cursor: str | None


class CustomerOrderReader(Protocol):
    """Where a customer's orders are found; its methods raise StoreUnavailableError."""

    def of_customer(
        self, customer_id: str, *, after: Position | None, most: int, seconds: float
    ) -> list[Position]:
        """Tell where orders stand, those stored last first."""

    def find_all(self, order_uids: Sequence[str], *, seconds: float) -> list[EncodedOrder]:
        """Return stored orders."""


def check_order_uid(order_uid: str) -> None:
    """Raise InvalidRequestError (`malformed_order_uid`) for what cannot be an order's id."""
    if not is_order_uid(order_uid):
        raise InvalidRequestError(MALFORMED_ORDER_UID, code="malformed_order_uid")


def look_up(
    order_uid: str,
    cache: Cache,
    reader: OrderReader,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Found:
    """Find an order.

    Raises InvalidRequestError (`malformed_order_uid`), OrderNotFoundError and, for an order that
    is not cached, StoreUnavailableError.
    """
    check_order_uid(order_uid)
    look = cache.look(order_uid, clock)
    if isinstance(look.order, EncodedOrder):
        return Found(look.order, hit=True, level=look.level, seconds=look.seconds)
    if look.order is Absent.ABSENT:
        raise _not_found(order_uid)
    started = clock()
    order = reader.find(order_uid, seconds=STORE_SECONDS)
    seconds = {**look.seconds, "db": clock() - started}
    if order is None:
        cache.put_absent(order_uid)
        raise _not_found(order_uid)
    cache.put(order)
    return Found(order, hit=False, level="", seconds=seconds)


def _not_found(order_uid: str) -> OrderNotFoundError:
    return OrderNotFoundError(f"There is no order {order_uid}.")


def customer_orders(
    customer_id: str, reader: CustomerOrderReader, *, limit: int, cursor: str | None = None
) -> CustomerOrders:
    """Return a customer's orders, those that were stored last first.

    What is stored between two pages changes neither: an order stands on one page, once. A page
    of large orders has fewer than `limit`, as a function may not answer with more than 6 MB.
    Raises InvalidRequestError (`malformed_cursor`) and StoreUnavailableError.
    """
    after = _position(cursor) if cursor else None
    there = reader.of_customer(customer_id, after=after, most=limit + 1, seconds=STORE_SECONDS)
    orders = _page([position.order_uid for position in there[:limit]], reader)
    more = len(orders) < len(there)
    return CustomerOrders(orders, _cursor(there[len(orders) - 1]) if more else None)


def _page(order_uids: Sequence[str], reader: CustomerOrderReader) -> list[EncodedOrder]:
    """Read the first order, and those after it that fit into an answer."""
    page: list[EncodedOrder] = []
    left = PAGE_BYTES
    for start in range(0, len(order_uids), _PART_ORDERS):
        part = order_uids[start : start + _PART_ORDERS]
        for order in reader.find_all(part, seconds=STORE_SECONDS):
            left -= len(order.body.encode())
            if left < 0 and page:
                return page
            page.append(order)
    return page


def _cursor(position: Position) -> str:
    text = f"{position.ingested_at.isoformat()} {position.order_uid}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(cursor: str) -> Position:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
        moment, _, order_uid = text.partition(" ")
        check_order_uid(order_uid)
        return Position(datetime.fromisoformat(moment).astimezone(UTC), order_uid)
    except (ValueError, OverflowError, InvalidRequestError) as error:
        message = "The cursor is none that an earlier page gave."
        raise InvalidRequestError(message, code="malformed_cursor") from error


def warm(
    cache: OrderCache, reader: NewestReader, *, clock: Callable[[], float] = time.monotonic
) -> None:
    """Load the newest orders, as many as the budget of time and memory allows.

    A store that does not answer leaves the cache as it is: the start must not fail.
    """
    deadline = clock() + WARM_SECONDS
    most = min(WARM_ORDERS, cache.capacity)
    loaded: list[EncodedOrder] = []
    with suppress(StoreUnavailableError):
        newest = reader.newest(most, seconds=WARM_SECONDS) if most else []
        for start in range(0, len(newest), _PART_ORDERS):
            left = deadline - clock()
            if left <= 0 or sum(len(order.body) for order in loaded) > _WARM_CHARACTERS:
                break
            loaded += reader.find_all(newest[start : start + _PART_ORDERS], seconds=left)
    for order in reversed(loaded):  # the newest shall be evicted last
        cache.put(order)
