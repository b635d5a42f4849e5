"""The bill, reckoned by hand and for any rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.estimate.bill import Bill, Cause
from devstack.estimate.billing import NONE, PROVISIONED, SECONDS
from tests.unit.estimate.made import billed

rates = st.floats(0, 50_000)

NOTHING = {"orders_per_second": 0.0, "posts_per_second": 0.0, "lookups_per_second": 0.0}


def usd(bill: Bill, service: str, what: str) -> float:
    return sum(line.usd for line in bill.lines if (line.service, line.what) == (service, what))


def test_a_month_is_what_a_pencil_finds() -> None:
    bill = billed()

    # Seconds of a month: 730 × 3,600 = 2,628,000. The rates are those of test_capacity.py.
    assert SECONDS == 2_628_000
    found = {(line.service, line.what, line.cause): line.usd for line in bill.lines}
    expected = {
        # One unit: 730 h × 0.185.
        ("Lambda", "event poller units", Cause.TIME): 135.05,
        # 390/s: 1,024.92 M × 0.20; 390 × 10.75641 ms × 2 GB = 8.39 GB-s/s × 2,628,000 × 16.6667 µ.
        ("Lambda", "ingest invocations", Cause.ORDERS): 204.98,
        ("Lambda", "ingest duration", Cause.ORDERS): 367.48,
        # 400/s: 1,051.2 M × 0.20; 400 × 2.3 ms × 2 GB = 1.84 GB-s/s.
        ("Lambda", "look-ups invocations", Cause.LOOKUPS): 210.24,
        ("Lambda", "look-ups duration", Cause.LOOKUPS): 80.59,
        # 10/s: 26.28 M × 0.20; 10 × 10.5 ms × 2 GB = 0.21 GB-s/s.
        ("Lambda", "POST invocations", Cause.ORDERS): 5.26,
        ("Lambda", "POST duration", Cause.ORDERS): 9.20,
        # 2 GB × 2,628,000 s × 1.5046 µ; 2 environments × 365 restores × 2 GB × 139.7998 µ.
        ("Lambda", "SnapStart cache", Cause.TIME): 7.91,
        ("Lambda", "SnapStart restores", Cause.LOOKUPS): 0.20,
        # 410/s: 1,077.48 M = 333 × 3.50 + 667 × 2.80 + 77.48 × 2.38 = 3,217.50, 400 : 10.
        ("API Gateway", "requests", Cause.LOOKUPS): 3139.03,
        ("API Gateway", "requests", Cause.ORDERS): 78.48,
        # 500/s and 10/s at the edge: 1,314 M and 26.28 M × 1.00.
        ("CloudFront", "requests", Cause.LOOKUPS): 1314.00,
        ("CloudFront", "requests", Cause.ORDERS): 26.28,
        # 510/s × 1,600 bytes: 2,144.45 GB × 0.085, 500 : 10.
        ("CloudFront", "answers", Cause.LOOKUPS): 178.70,
        ("CloudFront", "answers", Cause.ORDERS): 3.57,
        # 730 h × 0.75; 4 × 730 × 0.0015; 1 MB/s = 2,628 GB × 0.10 and × 0.05.
        ("MSK", "cluster", Cause.TIME): 547.50,
        ("MSK", "partitions", Cause.TIME): 4.38,
        ("MSK", "orders in", Cause.ORDERS): 262.80,
        ("MSK", "orders out", Cause.ORDERS): 131.40,
        # Seven days of 30.4167: 604.8 GB × 0.10.
        ("MSK", "orders kept", Cause.ORDERS): 60.48,
        # 4 ACU × 730 h × 0.12; 507.4/s = 1,333.5 M × 0.20; 640/s = 1,681.92 M × 0.20.
        ("Aurora", "capacity", Cause.TIME): 350.40,
        ("Aurora", "writing", Cause.ORDERS): 266.70,
        ("Aurora", "reading", Cause.LOOKUPS): 336.38,
        # 1,010/s × 1,500 bytes = 3,981.42 GB × 0.10.
        ("Aurora", "orders stored", Cause.ORDERS): 398.14,
        # 8 ACU at least: 8 × 730 × 0.015; an endpoint in three zones: 3 × 730 × 0.01.
        ("RDS Proxy", "capacity behind it", Cause.TIME): 87.60,
        ("VPC", "endpoint", Cause.TIME): 21.90,
        # 390/s × 1,000 + 10/s × 1,500 bytes = 1,064.34 GB; 400/s × 1,200 = 1,261.44 GB; × 0.50.
        ("CloudWatch", "logs", Cause.ORDERS): 532.17,
        ("CloudWatch", "logs", Cause.LOOKUPS): 630.72,
        ("CloudWatch", "metrics", Cause.TIME): 3.00,
        ("CloudWatch", "alarms", Cause.TIME): 1.00,
        ("CloudWatch", "dashboard", Cause.TIME): 3.00,
        # 1 + 5 % of the others: 20.45 + 1.45 and 20.95 a second, 57.55 M and 55.06 M × 5.
        ("X-Ray", "traces", Cause.ORDERS): 287.77,
        ("X-Ray", "traces", Cause.LOOKUPS): 275.28,
    }
    assert found == pytest.approx(expected, abs=0.01)
    assert bill.usd == pytest.approx(sum(expected.values()), abs=0.1)


def test_a_million_orders_bear_what_they_cause_and_what_is_paid_anyway() -> None:
    bill = billed()

    millions = 1010 * 2.628
    assert bill.usd_of_another_million_orders == pytest.approx(bill.of(Cause.ORDERS) / millions)
    assert bill.usd_per_million_orders == pytest.approx(
        bill.of(Cause.ORDERS, Cause.TIME) / millions
    )
    assert bill.usd_of_another_million_lookups == pytest.approx(
        bill.of(Cause.LOOKUPS) / (500 * 2.628)
    )


def test_nothing_asked_costs_what_stands_and_has_no_price_each() -> None:
    bill = billed(NOTHING)

    assert bill.usd == pytest.approx(bill.of(Cause.TIME))
    assert bill.usd > 0
    assert bill.usd_per_million_orders is None
    assert bill.usd_of_another_million_lookups is None


def test_kafka_and_a_database_that_are_there_cost_nothing_here() -> None:
    services = {line.service for line in billed(msk=NONE, database=NONE).lines}

    assert services.isdisjoint({"MSK", "Aurora", "RDS Proxy", "VPC"})


def test_provisioned_brokers_cost_their_hours_and_disks_that_hold_everything_thrice() -> None:
    bill = billed(msk=PROVISIONED)

    assert usd(bill, "MSK", "3 kafka.t3.small") == pytest.approx(3 * 730 * 0.0456)
    assert usd(bill, "MSK", "disks") == pytest.approx(3 * 100 * 0.10)
    assert usd(bill, "MSK", "larger disks") == pytest.approx(3 * (604.8 - 100) * 0.10)


@given(rates, rates)
def test_more_orders_never_cost_less(one: float, other: float) -> None:
    few, many = (billed({"orders_per_second": rate}).usd for rate in sorted((one, other)))

    assert few <= many * (1 + 1e-9)


@given(rates, rates)
def test_more_look_ups_never_cost_less(one: float, other: float) -> None:
    few, many = (billed({"lookups_per_second": rate}).usd for rate in sorted((one, other)))

    assert few <= many * (1 + 1e-9)


@given(rates, st.integers(1, 10_000), st.integers(1, 10_000), st.floats(0, 10))
def test_larger_batches_never_make_a_million_orders_dearer(
    rate: float, one: int, other: int, window: float
) -> None:
    small, large = (
        billed({"orders_per_second": rate}, batch_size=size, window_seconds=window).usd
        for size in sorted((one, other))
    )

    assert large <= small * (1 + 1e-9)


@given(rates, rates)
def test_the_causes_make_up_the_whole(orders: float, lookups: float) -> None:
    bill = billed({"orders_per_second": orders, "lookups_per_second": lookups})

    assert sum(map(bill.of, Cause)) == pytest.approx(bill.usd)
    assert all(line.usd >= 0 for line in bill.lines)
