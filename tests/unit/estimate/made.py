"""Figures that can be reckoned with by hand, and whatever else an estimate needs."""

from dataclasses import replace
from typing import Any

from devstack.estimate import billing
from devstack.estimate.bill import Bill
from devstack.estimate.billing import AURORA, SERVERLESS
from devstack.estimate.capacity import Reckoning
from devstack.estimate.measured import Measured, Work
from devstack.estimate.needs import INGEST, LOOK_UP, SUBMIT, Capacity
from devstack.estimate.prices import Prices
from devstack.estimate.workload import Setup, Workload

MEASURED = Measured(
    source={"date": "2026-01-01", "command": "by hand", "machine": "a head", "load": "0"},
    order_bytes=1000,
    envelope_bytes=164,
    stored_bytes=1500,
    batch=Work(cpu_ms=6, wait_ms=2, database_cpu_ms=1, wal_bytes=96, log_bytes=300),
    record=Work(cpu_ms=0.08, wait_ms=0.02, database_cpu_ms=0.02, wal_bytes=2000, log_bytes=0),
    hit=Work(cpu_ms=1, wait_ms=0, database_cpu_ms=0, wal_bytes=0, log_bytes=0),
    miss=Work(cpu_ms=2, wait_ms=1, database_cpu_ms=0.25, wal_bytes=0, log_bytes=0),
    post=Work(cpu_ms=4, wait_ms=4, database_cpu_ms=1.5, wal_bytes=2000, log_bytes=300),
)
SETUP = Setup(
    partitions=None,
    usual_partitions=4,
    batch_size=2000,
    window_seconds=0,
    memory_mb=dict.fromkeys((INGEST, LOOK_UP, SUBMIT), 2048),  # a whole vCPU
    speed=1,
    network_ms=2,
    headroom=2,
    msk=SERVERLESS,
    broker="kafka.t3.small",
    disk_gigabytes=100,
    retention_days=7,
    database=AURORA,
    months=1,
    minimum_acus=0.5,
    alarms=10,
)
WORKLOAD = Workload(
    orders_per_second=1000,
    posts_per_second=10,
    lookups_per_second=500,
    order_bytes=1000,
    hit_rate=0.8,
    edge_hit_rate=0.2,
)
PRICES = Prices.load()


def capacity(workload: dict[str, Any] | None = None, **setup: Any) -> Capacity:  # noqa: ANN401 - any of its fields
    """Reckon with the figures above, some of them changed."""
    return Reckoning(
        replace(WORKLOAD, **(workload or {})), replace(SETUP, **setup), MEASURED
    ).capacity()


def billed(workload: dict[str, Any] | None = None, **setup: Any) -> Bill:  # noqa: ANN401 - any of its fields
    """Write the bill of the figures above, some of them changed."""
    asked, deployed = replace(WORKLOAD, **(workload or {})), replace(SETUP, **setup)
    needed = Reckoning(asked, deployed, MEASURED).capacity()
    return billing.billed(asked, deployed, needed, MEASURED.stored_bytes, PRICES)
