"""Pollers, concurrency, connections and database capacity, reckoned by hand and for any rates."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.errors import UserError
from devstack.estimate.capacity import Reckoning
from tests.unit.estimate.made import MEASURED, SETUP, WORKLOAD, capacity

rates = st.floats(0, 50_000)


def test_the_ingestion_of_a_thousand_orders_a_second_is_what_a_pencil_finds() -> None:
    ingestion = capacity().ingestion

    # A whole vCPU: a batch takes 6 + 2 + 2 (network) = 10 ms, and 0.08 + 0.02 = 0.1 ms an order.
    # In the event an order takes 4 × ceil(1000 / 3) + 164 = 1,500 bytes: 4,194 fit into 6 MB, so
    # that the batch size of 2,000 counts. Such a batch takes 10 + 200 = 210 ms; one partition at a
    # time carries 2,000 / 0.21 = 9,524 orders/s, more than 1,000 × 2 of head room: one poller.
    assert ingestion.largest_batch == 2000
    assert ingestion.event_pollers == 1
    assert ingestion.event_poller_units == 1
    # A poller has 5 invocations at a time, four partitions 4: 4 × 9,524.
    assert ingestion.partitions == 4
    assert ingestion.load.concurrency == 4
    assert ingestion.highest_orders_per_second == pytest.approx(38_095.24)
    # Of each partition come 0.25 orders a millisecond: n = 0.25 × (10 + 0.1 n) = 2.5 / 0.975.
    assert ingestion.orders_per_invocation == pytest.approx(2.5641, abs=1e-4)
    assert ingestion.load.invocations_per_second == pytest.approx(390)
    assert ingestion.load.milliseconds == pytest.approx(10.25641)
    # All four are always busy, and 390 × (10.25641 + 0.5) ms × 2 GB are charged for a second.
    assert ingestion.load.busy == pytest.approx(4)
    assert ingestion.load.gb_seconds == pytest.approx(390 * 0.01075641 * 2)


def test_look_ups_and_posts_are_what_a_pencil_finds() -> None:
    needed = capacity()

    # CloudFront answers a fifth of 500. A hit takes 1 ms, a miss 2 + 1 + 2 = 5 ms, and four in
    # five hit: 1.8 ms. 400 × 1.8 ms = 0.72 are busy, with the head room 1.44: room for two.
    assert needed.lookups.invocations_per_second == 400
    assert needed.lookups.milliseconds == pytest.approx(1.8)
    assert needed.lookups.busy == pytest.approx(0.72)
    assert needed.lookups.concurrency == 2
    # 4 + 4 + 2 = 10 ms, ten times a second.
    assert needed.posts.milliseconds == pytest.approx(10)
    assert needed.posts.busy == pytest.approx(0.1)
    assert needed.posts.concurrency == 1


def test_the_database_is_what_a_pencil_finds() -> None:
    needed = capacity()

    # 4 + 2 + 1 environments, 1 + 1 of the operators' functions, and one more of each of the five.
    assert needed.environments == 9
    assert needed.connections == 14
    # CPU of a second: 390 batches × (1 + 2.5641 × 0.02), 10 posts × 1.5, 80 misses × 0.25:
    # 410 + 15 + 20 = 445 ms; × 2 of head room × 4 ACU a vCPU = 3.56, in steps of a half.
    assert needed.acus == 4.0
    # 390 × (96 + 2.5641 × 2000) / 4096 = 497.4, and a post writes less than 4 KB: 10 × 1.
    assert needed.write_ios_per_second == pytest.approx(507.4, abs=0.1)
    assert needed.read_ios_per_second == pytest.approx(80 * 8)


def test_less_memory_makes_the_computing_longer_and_not_the_waiting() -> None:
    reckoning = Reckoning(WORKLOAD, SETUP, MEASURED)

    whole = reckoning.milliseconds(MEASURED.batch, 1769, database=False)
    third = reckoning.milliseconds(MEASURED.batch, 590, database=False)
    more = reckoning.milliseconds(MEASURED.batch, 10_240, database=False)

    assert whole == more == 6 + 2  # one thread has no use for a second vCPU
    assert third == pytest.approx(3 * 6 + 2, rel=0.01)


def test_a_faster_vcpu_makes_the_computing_shorter() -> None:
    fast = Reckoning(WORKLOAD, replace(SETUP, speed=2.0), MEASURED)

    assert fast.milliseconds(MEASURED.batch, 1769, database=False) == 3 + 2


def test_six_megabytes_bound_a_batch_of_large_orders() -> None:
    # 4 × ceil(12,000 / 3) + 164 = 16,164 bytes: 389 of them.
    assert capacity({"order_bytes": 12_000}).ingestion.largest_batch == 389


def test_orders_of_twice_the_bytes_take_twice_the_time_each() -> None:
    found = capacity({"order_bytes": 2000}, window_seconds=2)

    # 500 orders: 10 ms, and 0.2 ms an order.
    assert found.ingestion.load.milliseconds == pytest.approx(10 + 0.2 * 500)
    # A post is 10 ms, and the 0.1 ms of another 1,000 bytes.
    assert found.posts.milliseconds == pytest.approx(10.1)


def test_a_window_lets_more_orders_gather() -> None:
    # 1,000 orders of four partitions, for two seconds: 500 of each.
    assert capacity(window_seconds=2).ingestion.orders_per_invocation == 500


def test_what_fills_a_batch_does_not_wait_for_the_window() -> None:
    assert capacity(window_seconds=20).ingestion.orders_per_invocation == 2000


@pytest.mark.parametrize(
    ("megabytes_per_second", "pollers", "units"),
    [(1, 1, 1), (5, 2, 1), (30, 12, 3), (60, 24, 6)],
)
def test_pollers_read_five_megabytes_a_second_and_a_unit_twenty(
    megabytes_per_second: int, pollers: int, units: int
) -> None:
    # Twice the rate is to be carried. Orders that take no time, so that bytes alone count.
    asked = replace(WORKLOAD, orders_per_second=1000 * megabytes_per_second)
    quick = replace(MEASURED, record=MEASURED.record.times(0), batch=MEASURED.batch.times(0))

    found = Reckoning(asked, SETUP, quick).capacity().ingestion

    assert (found.event_pollers, found.event_poller_units) == (pollers, units)


def test_a_poller_has_five_invocations_at_a_time_however_many_partitions_it_reads() -> None:
    assert capacity(partitions=8).ingestion.load.concurrency == 5


def test_a_transaction_is_a_write_however_little_it_writes() -> None:
    # One order a batch: 96 + 2,000 bytes of log, ten times a second; and the ten posts.
    assert capacity({"orders_per_second": 10}).write_ios_per_second == 10 + 10


def test_too_few_partitions_are_refused_in_one_line_with_how_many_would_do() -> None:
    # 9 MB/s, twice: four pollers, each with a partition of its own.
    with pytest.raises(UserError, match=r"^--partitions 3 is too few .*; 4 would do$"):
        capacity({"orders_per_second": 9000}, partitions=3)

    assert capacity({"orders_per_second": 9000}, partitions=4).ingestion.partitions == 4


def test_nothing_asked_still_needs_a_poller_and_the_least_database() -> None:
    nothing = {"orders_per_second": 0.0, "posts_per_second": 0.0, "lookups_per_second": 0.0}

    needed = capacity(nothing)

    assert needed.ingestion.event_poller_units == 1
    assert needed.ingestion.load.busy == needed.lookups.busy == needed.posts.busy == 0
    assert needed.acus == 0.5


@given(rates, rates)
def test_more_orders_never_need_less(one: float, other: float) -> None:
    few, many = (capacity({"orders_per_second": rate}) for rate in sorted((one, other)))

    assert few.ingestion.event_pollers <= many.ingestion.event_pollers
    assert few.ingestion.event_poller_units <= many.ingestion.event_poller_units
    assert few.ingestion.partitions <= many.ingestion.partitions
    assert few.ingestion.load.concurrency <= many.ingestion.load.concurrency
    assert few.connections <= many.connections
    assert few.acus <= many.acus


@given(rates, rates)
def test_more_look_ups_never_need_less(one: float, other: float) -> None:
    few, many = (capacity({"lookups_per_second": rate}) for rate in sorted((one, other)))

    assert few.lookups.concurrency <= many.lookups.concurrency
    assert few.connections <= many.connections
    assert few.acus <= many.acus


@given(rates)
def test_what_is_busy_has_room_and_what_is_carried_has_head_room(rate: float) -> None:
    needed = capacity({"orders_per_second": rate, "lookups_per_second": rate})

    for load in (needed.ingestion.load, needed.lookups, needed.posts):
        assert load.busy <= load.concurrency * (1 + 1e-9)
    assert needed.ingestion.highest_orders_per_second >= rate * SETUP.headroom * (1 - 1e-9)


@given(rates, st.integers(1, 10_000), st.floats(0, 300))
def test_a_batch_holds_an_order_and_no_more_than_it_may(
    rate: float, batch_size: int, window: float
) -> None:
    found = capacity({"orders_per_second": rate}, batch_size=batch_size, window_seconds=window)

    assert 1 <= found.ingestion.orders_per_invocation <= found.ingestion.largest_batch <= batch_size
