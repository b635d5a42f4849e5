"""A look-up asks the cache first and the store only when it must."""

import pytest

from orders.cache import OrderCache
from orders.errors import InvalidRequestError, OrderNotFoundError, StoreUnavailableError
from orders.lookup import WARM_ORDERS, look_up, warm
from tests.unit.orders.made import Clock, InMemoryOrderReader, encoded


def test_the_second_look_up_is_answered_from_the_cache() -> None:
    cache, reader = OrderCache(10), InMemoryOrderReader({"a": encoded("a")})

    first = look_up("a", cache, reader)
    second = look_up("a", cache, reader)

    assert (first.hit, second.hit) == (False, True)
    assert first.order == second.order == encoded("a")
    assert reader.asked == ["a"]


def test_an_absent_order_is_not_asked_for_again_at_once() -> None:
    clock = Clock()
    cache, reader = OrderCache(10, clock=clock), InMemoryOrderReader()

    for _ in range(5):
        with pytest.raises(OrderNotFoundError):
            look_up("a", cache, reader)
    clock.now += 60
    reader.stored["a"] = encoded("a")

    assert look_up("a", cache, reader).order == encoded("a")
    assert reader.asked == ["a", "a", "a"]


def test_who_looks_stores_and_looks_again_sees_the_order() -> None:
    cache, reader = OrderCache(10), InMemoryOrderReader()
    with pytest.raises(OrderNotFoundError):
        look_up("a", cache, reader)

    reader.stored["a"] = encoded("a")

    assert look_up("a", cache, reader).order == encoded("a")


@pytest.mark.parametrize("order_uid", ["", "a b", "a\n", "ё", "x" * 65, "../etc", "'"])
def test_a_malformed_id_asks_nobody(order_uid: str) -> None:
    reader = InMemoryOrderReader(fails=True)

    with pytest.raises(InvalidRequestError) as caught:
        look_up(order_uid, OrderCache(1), reader)

    assert caught.value.code == "malformed_order_uid"


def test_a_cached_order_is_answered_while_the_store_is_down() -> None:
    cache, reader = OrderCache(10), InMemoryOrderReader(fails=True)
    cache.put(encoded("a"))

    assert look_up("a", cache, reader).hit
    with pytest.raises(StoreUnavailableError):
        look_up("b", cache, reader)


def test_a_store_that_fails_is_no_proof_of_absence() -> None:
    cache, reader = OrderCache(10), InMemoryOrderReader({"a": encoded("a")}, fails=True)
    with pytest.raises(StoreUnavailableError):
        look_up("a", cache, reader)

    reader.fails = False

    assert look_up("a", cache, reader).order == encoded("a")


def many(number: int) -> InMemoryOrderReader:
    return InMemoryOrderReader({str(n): encoded(str(n)) for n in range(number)})


def test_the_newest_orders_are_there_from_the_start_and_leave_last() -> None:
    cache = OrderCache(WARM_ORDERS)

    warm(cache, many(250))
    cache.put(encoded("another"))

    assert cache.stats().size == WARM_ORDERS
    assert cache.get("249")
    assert cache.get("150") is None
    assert cache.get("151")


def test_warming_loads_no_more_than_the_cache_holds() -> None:
    reader = many(50)

    warm(OrderCache(3), reader)

    assert reader.asked == ["49", "48", "47"]


def test_a_cache_that_is_off_is_not_warmed() -> None:
    warm(OrderCache(0), InMemoryOrderReader(fails=True))


def test_warming_keeps_to_its_time() -> None:
    clock, cache = Clock(), OrderCache(1000)

    class Slow(InMemoryOrderReader):
        def newest(self, most: int, *, seconds: float) -> list[str]:
            clock.now += seconds * 2
            return super().newest(most, seconds=seconds)

    warm(cache, Slow({"a": encoded("a")}), clock=clock)

    assert cache.stats().size == 0


def test_a_store_that_is_down_does_not_fail_the_start() -> None:
    cache = OrderCache(1000)

    warm(cache, InMemoryOrderReader(fails=True))

    assert cache.stats().size == 0
