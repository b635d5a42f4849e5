"""What the second level is for: environments that are cold ask each other before the database."""

import pytest

from bench.cache.environments import Comparison, Scale, compare

SCALE = Scale(environments=3, orders=300, reads=60)


@pytest.fixture(scope="module")
def generations() -> list[Comparison]:
    return compare(SCALE)


@pytest.mark.parametrize("number", [0, 1], ids=["first", "second"])
def test_the_database_answers_less(generations: list[Comparison], number: int) -> None:
    without, with_it = generations[number].without, generations[number].with_it

    assert without.places.total() == with_it.places.total() == SCALE.environments + SCALE.reads
    assert with_it.places["HIT-L2"] > 0
    for counted in ("transactions", "rows, the catalogue's too"):
        assert with_it.database[counted] < without.database[counted]


def test_a_second_generation_asks_for_what_nobody_has_asked_for_before(
    generations: list[Comparison],
) -> None:
    first, second = generations

    assert second.with_it.places["MISS"] < first.with_it.places["MISS"]
    assert second.with_it.places["MISS"] < second.without.places["MISS"]
