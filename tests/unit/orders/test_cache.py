"""The cache keeps what was used last, within its bounds, and counts what it did."""

from orders.cache import ABSENT_SECONDS, Absent, OrderCache
from tests.unit.orders.made import Clock, encoded


def test_the_least_recently_used_order_is_evicted() -> None:
    cache = OrderCache(2)
    cache.put(encoded("a"))
    cache.put(encoded("b"))
    cache.get("a")

    cache.put(encoded("c"))

    assert cache.get("b") is None
    assert cache.get("a") == encoded("a")
    assert cache.get("c") == encoded("c")
    assert cache.stats().evictions == 1


def test_the_bytes_are_bounded_too() -> None:
    cache = OrderCache(100, largest_bytes=10_000)

    for number in range(10):
        cache.put(encoded(str(number), "x" * 3000))
    cache.put(encoded("huge", "x" * 20_000))

    assert cache.stats().size == 3
    assert cache.get("huge") is None
    assert cache.get("9") is not None


def test_putting_an_order_again_changes_nothing() -> None:
    cache = OrderCache(2, largest_bytes=10_000)

    for _ in range(10):
        cache.put(encoded("a", "x" * 3000))

    assert cache.stats().size == 1
    assert cache.stats().evictions == 0


def test_an_order_that_was_absent_once_is_looked_for_again() -> None:
    clock = Clock()
    cache = OrderCache(2, clock=clock)

    cache.put_absent("a")
    assert cache.get("a") is None

    clock.now += ABSENT_SECONDS
    cache.put_absent("a")
    assert cache.get("a") is None


def test_an_order_that_was_absent_twice_is_believed_absent_for_a_moment() -> None:
    clock = Clock()
    cache = OrderCache(2, clock=clock)
    cache.put_absent("a")
    cache.put_absent("a")

    assert cache.get("a") is Absent.ABSENT
    clock.now += ABSENT_SECONDS
    assert cache.get("a") is None


def test_an_order_that_arrives_is_absent_no_longer() -> None:
    cache = OrderCache(2)
    cache.put_absent("a")
    cache.put_absent("a")

    cache.put(encoded("a"))

    assert cache.get("a") == encoded("a")


def test_the_absent_are_bounded() -> None:
    cache = OrderCache(2)

    for name in "aabbcc":
        cache.put_absent(name)

    assert cache.get("a") is None
    assert cache.get("c") is Absent.ABSENT


def test_a_capacity_of_zero_switches_the_cache_off() -> None:
    cache = OrderCache(0)

    cache.put(encoded("a"))
    cache.put_absent("b")
    cache.put_absent("b")

    assert cache.get("a") is None
    assert cache.get("b") is None
    assert cache.stats().evictions == 0


def test_the_stats_tell_what_happened() -> None:
    clock = Clock()
    cache = OrderCache(5, clock=clock)
    cache.get("a")
    cache.put(encoded("a"))
    cache.get("a")
    cache.put_absent("b")
    cache.put_absent("b")
    cache.get("b")
    cache.get("a")
    clock.now += 12.5

    stats = cache.stats()

    assert (stats.hits, stats.misses, stats.negative_hits) == (2, 1, 1)
    assert (stats.size, stats.capacity, stats.hit_ratio) == (1, 5, 0.5)
    assert stats.environment_age_seconds == 12.5
    assert stats.environment_id != OrderCache(5).stats().environment_id


def test_an_environment_that_begins_anew_has_an_id_and_an_age_of_its_own() -> None:
    clock = Clock()
    cache = OrderCache(5, clock=clock)
    before = cache.stats()
    clock.now += 12.5

    cache.begin()

    assert cache.stats().environment_age_seconds == 0
    assert cache.stats().environment_id != before.environment_id
