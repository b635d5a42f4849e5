"""Billing: what is needed and what a unit of it costs in, the bill of a month out.

Pure arithmetic; a month has 730 hours, as in AWS's own calculator.
"""

from collections.abc import Iterator, Mapping

from devstack.estimate.bill import MILLION, Bill, Cause, Line
from devstack.estimate.needs import Capacity, Load
from devstack.estimate.prices import Prices
from devstack.estimate.workload import Setup, Workload

HOURS = 730
SECONDS = HOURS * 3600
DAYS = HOURS / 24
GIGABYTE = 1_000_000_000

PROVISIONED, SERVERLESS, AURORA, NONE = "provisioned", "serverless", "aurora", "none"
CLUSTERS = (PROVISIONED, SERVERLESS, NONE)
DATABASES = (AURORA, NONE)

BROKERS = 3
LEAST_PROXY_ACUS = 8
ZONES = 3
PLATFORM_LOG_BYTES = 700
"""What Lambda itself logs of an invocation as JSON: start, report."""
ACCESS_LOG_BYTES = 500
"""What API Gateway logs of a request."""
RESPONSE_HEADER_BYTES = 600
METRICS = 10
DASHBOARDS = 1
RESTORES_OF_AN_ENVIRONMENT = HOURS / 2
"""An environment is replaced about every two hours. AWS documents no figure."""


def billed(
    workload: Workload, setup: Setup, capacity: Capacity, stored_bytes: float, prices: Prices
) -> Bill:
    """Write the bill; `stored_bytes` is what an order takes in the database."""
    writing = _Writing(workload, setup, capacity, prices)
    lines = (
        *writing.functions(),
        *writing.http(),
        *writing.kafka(),
        *writing.database(stored_bytes),
        *writing.monitoring(),
    )
    orders_per_second = workload.orders_per_second + workload.posts_per_second
    return Bill(lines, orders_per_second * SECONDS, workload.lookups_per_second * SECONDS)


class _Writing:
    def __init__(
        self, workload: Workload, setup: Setup, capacity: Capacity, prices: Prices
    ) -> None:
        self._workload = workload
        self._setup = setup
        self._capacity = capacity
        self._prices = prices
        self._loads = (
            ("ingest", Cause.ORDERS, capacity.ingestion.load),
            ("look-ups", Cause.LOOKUPS, capacity.lookups),
            ("POST", Cause.ORDERS, capacity.posts),
        )

    def functions(self) -> Iterator[Line]:
        units = self._capacity.ingestion.event_poller_units
        yield self._standing("Lambda", "event poller units", "event_poller_unit", units * HOURS)
        for what, cause, load in self._loads:
            requests = load.invocations_per_second * SECONDS / MILLION
            yield self._line("Lambda", f"{what} invocations", cause, "lambda_requests", requests)
            gb_seconds = load.gb_seconds * SECONDS
            yield self._line("Lambda", f"{what} duration", cause, "lambda_duration", gb_seconds)
        lookups = self._capacity.lookups
        gigabytes = lookups.memory_mb / 1024
        restored = lookups.concurrency * RESTORES_OF_AN_ENVIRONMENT * gigabytes
        yield self._standing("Lambda", "SnapStart cache", "snapshot_cache", gigabytes * SECONDS)
        yield self._line(
            "Lambda", "SnapStart restores", Cause.LOOKUPS, "snapshot_restore", restored
        )

    def http(self) -> Iterator[Line]:
        api = {
            Cause.LOOKUPS: self._capacity.lookups.invocations_per_second,
            Cause.ORDERS: self._capacity.posts.invocations_per_second,
        }
        edge = {**api, Cause.LOOKUPS: self._workload.lookups_per_second}
        response_bytes = self._workload.order_bytes + RESPONSE_HEADER_BYTES
        requests = {cause: rate * SECONDS / MILLION for cause, rate in api.items()}
        yield from self._shared("API Gateway", "requests", "api_requests", requests)
        at_edge = {cause: rate * SECONDS / MILLION for cause, rate in edge.items()}
        yield from self._shared("CloudFront", "requests", "edge_requests", at_edge)
        out = {cause: rate * SECONDS * response_bytes / GIGABYTE for cause, rate in edge.items()}
        yield from self._shared("CloudFront", "answers", "edge_bytes_out", out)

    def kafka(self) -> Iterator[Line]:
        gigabytes = (
            self._workload.orders_per_second * self._workload.order_bytes * SECONDS / GIGABYTE
        )
        kept = gigabytes * self._setup.retention_days / DAYS
        if self._setup.msk == SERVERLESS:
            partitions = self._capacity.ingestion.partitions
            yield self._standing("MSK", "cluster", "msk_cluster", HOURS)
            yield self._standing("MSK", "partitions", "msk_partitions", partitions * HOURS)
            yield self._line("MSK", "orders in", Cause.ORDERS, "msk_bytes_in", gigabytes)
            yield self._line("MSK", "orders out", Cause.ORDERS, "msk_bytes_out", gigabytes)
            yield self._line("MSK", "orders kept", Cause.ORDERS, "msk_storage", kept)
        elif self._setup.msk == PROVISIONED:
            broker = self._setup.broker
            yield self._standing("MSK", f"{BROKERS} {broker}", broker, BROKERS * HOURS)
            disk = self._setup.disk_gigabytes
            more = max(0.0, kept - disk)  # each of the three has every partition
            yield self._standing("MSK", "disks", "msk_storage", BROKERS * disk)
            yield self._line("MSK", "larger disks", Cause.ORDERS, "msk_storage", BROKERS * more)

    def database(self, stored_bytes: float) -> Iterator[Line]:
        if self._setup.database == NONE:
            return
        capacity = self._capacity
        proxied = max(LEAST_PROXY_ACUS, capacity.acus)
        orders_per_second = self._workload.orders_per_second + self._workload.posts_per_second
        stored = orders_per_second * SECONDS * self._setup.months * stored_bytes / GIGABYTE
        writes = capacity.write_ios_per_second * SECONDS / MILLION
        reads = capacity.read_ios_per_second * SECONDS / MILLION
        yield self._standing("Aurora", "capacity", "database_capacity", capacity.acus * HOURS)
        yield self._line("Aurora", "writing", Cause.ORDERS, "database_io", writes)
        yield self._line("Aurora", "reading", Cause.LOOKUPS, "database_io", reads)
        yield self._line("Aurora", "orders stored", Cause.ORDERS, "database_storage", stored)
        yield self._standing("RDS Proxy", "capacity behind it", "database_proxy", proxied * HOURS)
        yield self._standing("VPC", "endpoint", "interface_endpoint", ZONES * HOURS)

    def monitoring(self) -> Iterator[Line]:
        logged = dict.fromkeys((Cause.ORDERS, Cause.LOOKUPS), 0.0)
        traces = dict.fromkeys((Cause.ORDERS, Cause.LOOKUPS), 0.0)
        for what, cause, load in self._loads:
            access = 0 if what == "ingest" else ACCESS_LOG_BYTES
            logged[cause] += _logged_gigabytes(load, PLATFORM_LOG_BYTES + access)
            traces[cause] += _traced(load.invocations_per_second) * SECONDS / MILLION
        yield from self._shared("CloudWatch", "logs", "logs", logged)
        yield self._standing("CloudWatch", "metrics", "metrics", METRICS)
        yield self._standing("CloudWatch", "alarms", "alarms", self._setup.alarms)
        yield self._standing("CloudWatch", "dashboard", "dashboards", DASHBOARDS)
        yield from self._shared("X-Ray", "traces", "traces", traces)

    def _line(self, service: str, what: str, cause: Cause, price: str, amount: float) -> Line:
        found = self._prices[price]
        return Line(service, what, cause, amount, found.unit, found.cost(amount))

    def _standing(self, service: str, what: str, price: str, amount: float) -> Line:
        return self._line(service, what, Cause.TIME, price, amount)

    def _shared(
        self, service: str, what: str, price: str, amounts: Mapping[Cause, float]
    ) -> Iterator[Line]:
        """Share what gets cheaper with the amount by how much each cause has of it."""
        found, total = self._prices[price], sum(amounts.values())
        usd = found.cost(total) / total if total else 0.0
        for cause, amount in amounts.items():
            yield Line(service, what, cause, amount, found.unit, usd * amount)


def _logged_gigabytes(load: Load, added_bytes: float) -> float:
    return load.invocations_per_second * SECONDS * (load.log_bytes + added_bytes) / GIGABYTE


def _traced(rate: float) -> float:
    """Return how many requests of a second X-Ray samples: the first one and 5 % of the others.

    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    """
    return min(rate, 1.0) + 0.05 * max(0.0, rate - 1.0)
