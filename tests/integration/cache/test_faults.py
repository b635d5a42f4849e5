"""The second level is disturbed in every way under a read load: each look-up finds its order."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest

from bench.cache import stored
from bench.cache.faults import FAULTS, Fault
from bench.cache.stored import StoredOrders
from bench.cache.suffering import LONGEST_MS, suffer
from tests.servers import CacheServer, PostgresServer, redis_program, running_cache

RATE = 100
SECONDS = 1.0
ENVIRONMENTS = 2


class Database(NamedTuple):
    settings: Mapping[str, str]
    orders: StoredOrders


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Database:
    settings = postgres.settings(postgres.create_database())
    return Database(settings, stored.store(settings, 300))


@pytest.fixture(scope="module", params=["valkey", "redis"])
def server(request: pytest.FixtureRequest) -> Iterator[CacheServer]:
    with running_cache(redis_program() if request.param == "redis" else None) as running:
        yield running


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_no_look_up_goes_wrong_and_few_wait(
    fault: Fault, server: CacheServer, database: Database
) -> None:
    course = asyncio.run(
        suffer(
            fault,
            database.orders,
            database=database.settings,
            server=server,
            rate=RATE,
            seconds=SECONDS,
            environments=ENVIRONMENTS,
        )
    )

    for outcome in (course.before, course.during, course.after):
        assert outcome.wrong == []
    assert course.before.places["HIT-L2"]
    assert course.after.places["HIT-L2"], "the second level is never used again"
    assert course.delayed <= course.most_delayed
    assert max(course.during.second_level_seconds) < SECONDS, "somebody waited until it was over"
    assert bool(course.rejected) == fault.spoils
    if fault.silences:
        assert course.during.places["MISS"] > course.during.places["HIT-L2"]
    assert course.during.function_p99_ms <= LONGEST_MS
