"""Of two levels the nearer is asked first, and what either learns, those before it keep."""

import pytest

from orders.cache import OrderCache
from orders.errors import OrderNotFoundError, StoreUnavailableError
from orders.lookup import WARM_ORDERS, look_up, warm
from orders.two_levels import SharedNewest, TwoLevelCache
from tests.unit.orders.fakes_api import InMemorySecondLevel
from tests.unit.orders.made import InMemoryOrderReader, encoded


@pytest.fixture
def second() -> InMemorySecondLevel:
    return InMemorySecondLevel()


@pytest.fixture
def reader() -> InMemoryOrderReader:
    return InMemoryOrderReader({uid: encoded(uid) for uid in "abc"})


@pytest.fixture
def cache(second: InMemorySecondLevel) -> TwoLevelCache:
    return TwoLevelCache(OrderCache(10), second)


def test_what_one_environment_found_no_other_asks_the_store_for(
    cache: TwoLevelCache, second: InMemorySecondLevel, reader: InMemoryOrderReader
) -> None:
    other = TwoLevelCache(OrderCache(10), second)

    first = look_up("a", cache, reader)
    again = look_up("a", cache, reader)
    elsewhere = look_up("a", other, reader)
    there_again = look_up("a", other, reader)

    looks = [(one.hit, one.level) for one in (first, again, elsewhere, there_again)]
    assert looks == [(False, ""), (True, "L1"), (True, "L2"), (True, "L1")]
    assert first.order == elsewhere.order == encoded("a")
    assert reader.asked == ["a"]


def test_every_place_that_was_asked_is_timed(
    cache: TwoLevelCache, reader: InMemoryOrderReader
) -> None:
    ticks = iter([0, 1, 10, 12, 20, 23])

    found = look_up("a", cache, reader, clock=lambda: float(next(ticks)))

    assert found.seconds == {"cache": 1, "l2": 2, "db": 3}


def test_that_an_order_is_absent_is_not_shared(
    cache: TwoLevelCache, second: InMemorySecondLevel, reader: InMemoryOrderReader
) -> None:
    for _ in range(3):
        with pytest.raises(OrderNotFoundError):
            look_up("new", cache, reader)
    reader.stored["new"] = encoded("new")

    assert look_up("new", TwoLevelCache(OrderCache(10), second), reader).order == encoded("new")
    assert second.asked == ["new"] * 3  # the first level believed it the third time
    assert cache.stats().negative_hits == 1


def test_a_shared_order_is_answered_while_the_store_is_down(
    cache: TwoLevelCache, second: InMemorySecondLevel
) -> None:
    second.put(encoded("a"))
    away = InMemoryOrderReader(fails=True)

    assert look_up("a", cache, away).level == "L2"
    with pytest.raises(StoreUnavailableError):
        look_up("b", cache, away)


def test_a_first_level_that_is_off_leaves_the_second(
    second: InMemorySecondLevel, reader: InMemoryOrderReader
) -> None:
    cache = TwoLevelCache(OrderCache(0), second)

    levels = [look_up("a", cache, reader).level for _ in range(3)]

    assert levels == ["", "L2", "L2"]


# The start of an environment


def test_a_second_environment_starts_without_the_store(
    second: InMemorySecondLevel, reader: InMemoryOrderReader
) -> None:
    first, next_one = OrderCache(1000), OrderCache(1000)
    warm(first, SharedNewest(second, reader))
    reader.fails = True

    warm(next_one, SharedNewest(second, reader))

    assert next_one.stats().size == 3
    assert reader.asked == ["c", "b", "a"]


def test_what_is_no_longer_shared_is_read_from_the_store_and_shared_anew(
    second: InMemorySecondLevel, reader: InMemoryOrderReader
) -> None:
    warm(OrderCache(1000), SharedNewest(second, reader))
    del second.kept["b"]
    reader.asked.clear()
    cache = OrderCache(2)
    second.put_newest(2, ["c", "b"])

    warm(cache, SharedNewest(second, reader))

    assert reader.asked == ["b"]
    assert second.kept.keys() == set("abc")
    assert cache.get("c")
    assert cache.get("b")


def test_without_the_store_an_environment_starts_with_what_is_shared(
    second: InMemorySecondLevel, reader: InMemoryOrderReader
) -> None:
    cache = OrderCache(1000)
    warm(OrderCache(1000), SharedNewest(second, reader))
    del second.kept["b"]
    reader.fails = True

    warm(cache, SharedNewest(second, reader))

    assert cache.stats().size == 2


def test_without_either_an_environment_starts_with_nothing(second: InMemorySecondLevel) -> None:
    cache = OrderCache(1000)
    second.put_newest(WARM_ORDERS, ["a"])

    warm(cache, SharedNewest(second, InMemoryOrderReader(fails=True)))

    assert cache.stats().size == 0


def test_that_there_are_no_orders_is_not_shared(second: InMemorySecondLevel) -> None:
    warm(OrderCache(1000), SharedNewest(second, InMemoryOrderReader()))

    assert second.lists == {}


def test_an_environment_with_little_room_does_not_tell_others_of_its_few(
    second: InMemorySecondLevel, reader: InMemoryOrderReader
) -> None:
    cache = OrderCache(1000)
    warm(OrderCache(1), SharedNewest(second, reader))

    warm(cache, SharedNewest(second, reader))

    assert cache.stats().size == 3
