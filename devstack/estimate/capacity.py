"""Capacity: a workload in; pollers, concurrency, connections and database capacity out.

Pure arithmetic; docs/estimate.md states each formula once more, in words, with AWS's pages.
"""

import math

from devstack.errors import UserError
from devstack.estimate.measured import Measured, Work
from devstack.estimate.needs import INGEST, LOOK_UP, SUBMIT, Capacity, Ingestion, Load
from devstack.estimate.workload import Setup, Workload

VCPU_MEGABYTES = 1769  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
EVENT_BYTES = 6_291_456  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
# https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
POLLER_BYTES_PER_SECOND = 5_000_000
INVOCATIONS_OF_A_POLLER = 5
UNIT_BYTES_PER_SECOND = 20_000_000
POLLERS_OF_A_UNIT = 10

ACUS_OF_A_VCPU = (
    4  # db.r6g.large has 2 vCPUs and 16 GiB, an ACU is 2 GiB with the CPU that goes with it
)
ACU_STEP = 0.5
WRITE_BYTES = 4096  # https://aws.amazon.com/rds/aurora/faqs/: write I/Os are counted in 4 KB
READS_OF_A_MISS = 8
"""A page of the table and one of its index, for four tables, when memory holds neither."""
OPERATORS_FUNCTIONS = 2
"""QuarantineFunction and MigrateFunction: one environment each."""


class Reckoning:
    """The formulas, for one workload."""

    def __init__(self, workload: Workload, setup: Setup, measured: Measured) -> None:
        self._workload = workload
        self._setup = setup
        self._measured = measured.sized(workload.order_bytes)

    def capacity(self) -> Capacity:
        """Return what is needed; raises `UserError` when the partitions are too few."""
        ingestion, lookups, posts = self._ingestion(), self._lookups(), self._posts()
        functions = (ingestion.load, lookups, posts)
        environments = sum(each.concurrency for each in functions) + OPERATORS_FUNCTIONS
        misses = lookups.invocations_per_second * (1 - self._workload.hit_rate)
        return Capacity(
            ingestion=ingestion,
            lookups=lookups,
            posts=posts,
            environments=environments,
            # A deployment starts an environment of each function before the former ones end.
            connections=environments + len(functions) + OPERATORS_FUNCTIONS,
            acus=self._acus(ingestion, misses),
            write_ios_per_second=self._write_ios(ingestion),
            read_ios_per_second=misses * READS_OF_A_MISS,
        )

    # Time

    def milliseconds(self, work: Work, memory_mb: int, *, database: bool) -> float:
        """Return how long an invocation takes in Lambda.

        Lambda gives CPU by memory, a whole vCPU at 1,769 MB; the handlers use one thread, so that
        more than one is of no use to them. What they wait for does not depend on it.
        """
        share = min(1.0, memory_mb / VCPU_MEGABYTES)
        network_ms = self._setup.network_ms if database else 0.0
        return work.cpu_ms / (share * self._setup.speed) + work.wait_ms + network_ms

    def _batch_ms(self, orders: float) -> float:
        work = self._measured.ingest(orders)
        return self.milliseconds(work, self._setup.memory_mb[INGEST], database=True)

    # Kafka

    def _ingestion(self) -> Ingestion:
        workload, setup = self._workload, self._setup
        largest = self._largest_batch()
        highest_each = 1000 * largest / self._batch_ms(largest)
        bytes_per_second = workload.orders_per_second * workload.order_bytes * setup.headroom
        at_once = math.ceil(workload.orders_per_second * setup.headroom / highest_each) or 1
        pollers = max(
            math.ceil(at_once / INVOCATIONS_OF_A_POLLER),
            math.ceil(bytes_per_second / POLLER_BYTES_PER_SECOND),
        )
        partitions = self._partitions(max(at_once, pollers))
        channels = min(partitions, INVOCATIONS_OF_A_POLLER * pollers)
        orders = self._orders_per_invocation(channels, largest)
        return Ingestion(
            partitions=partitions,
            event_pollers=pollers,
            event_poller_units=max(
                math.ceil(pollers / POLLERS_OF_A_UNIT),
                math.ceil(bytes_per_second / UNIT_BYTES_PER_SECOND),
            ),
            largest_batch=largest,
            orders_per_invocation=orders,
            highest_orders_per_second=channels * highest_each,
            load=Load(
                invocations_per_second=workload.orders_per_second / orders,
                milliseconds=self._batch_ms(orders),
                memory_mb=setup.memory_mb[INGEST],
                concurrency=channels,
                log_bytes=self._measured.ingest(orders).log_bytes,
            ),
        )

    def _largest_batch(self) -> int:
        in_base64 = 4 * math.ceil(self._workload.order_bytes / 3)
        fitting = EVENT_BYTES // (in_base64 + self._measured.envelope_bytes)
        return max(1, min(self._setup.batch_size, int(fitting)))

    def _partitions(self, needed: int) -> int:
        given = self._setup.partitions
        if given is not None and given < needed:
            message = (
                f"--partitions {given} is too few for {self._workload.orders_per_second:g} orders a"
                f" second with a head room of {self._setup.headroom:g}; {needed} would do"
            )
            raise UserError(message)
        return given or max(needed, self._setup.usual_partitions)

    def _orders_per_invocation(self, channels: int, largest: int) -> float:
        """Return how many orders gather while the former batch of their partitions is in hand.

        With r orders a millisecond, and batches that take a + b·n, it is n = r·(a + b·n). A window
        lets more gather; the largest batch is sent at once.
        """
        rate = self._workload.orders_per_second / channels / 1000
        fixed = self._batch_ms(0)
        each = self._batch_ms(1) - fixed
        gathered = rate * fixed / (1 - rate * each)
        waited = rate * self._setup.window_seconds * 1000
        return min(float(largest), max(1.0, gathered, waited))

    # HTTP

    def _lookups(self) -> Load:
        workload, measured = self._workload, self._measured
        memory_mb, hits = self._setup.memory_mb[LOOK_UP], workload.hit_rate
        of_hit = self.milliseconds(measured.hit, memory_mb, database=False)
        of_miss = self.milliseconds(measured.miss, memory_mb, database=True)
        return self._load(
            workload.lookups_per_second * (1 - workload.edge_hit_rate),
            hits * of_hit + (1 - hits) * of_miss,
            memory_mb,
            hits * measured.hit.log_bytes + (1 - hits) * measured.miss.log_bytes,
        )

    def _posts(self) -> Load:
        memory_mb, work = self._setup.memory_mb[SUBMIT], self._measured.post
        milliseconds = self.milliseconds(work, memory_mb, database=True)
        return self._load(self._workload.posts_per_second, milliseconds, memory_mb, work.log_bytes)

    def _load(self, rate: float, milliseconds: float, memory_mb: int, log_bytes: float) -> Load:
        at_once = math.ceil(rate * milliseconds / 1000 * self._setup.headroom)
        return Load(rate, milliseconds, memory_mb, at_once, log_bytes)

    # Database

    def _acus(self, ingestion: Ingestion, misses: float) -> float:
        """Return the capacity that keeps the measured CPU of the database within the head room."""
        of_batch = self._measured.ingest(ingestion.orders_per_invocation).database_cpu_ms
        milliseconds = (
            ingestion.load.invocations_per_second * of_batch
            + self._workload.posts_per_second * self._measured.post.database_cpu_ms
            + misses * self._measured.miss.database_cpu_ms
        )
        vcpus = milliseconds / 1000 / self._setup.speed * self._setup.headroom
        steps = math.ceil(vcpus * ACUS_OF_A_VCPU / ACU_STEP)
        return max(self._setup.minimum_acus, steps * ACU_STEP)

    def _write_ios(self, ingestion: Ingestion) -> float:
        """Return the I/Os of a second: the log by 4 KB, a transaction one at least."""
        of_batch = self._measured.ingest(ingestion.orders_per_invocation).wal_bytes
        of_post = self._measured.post.wal_bytes
        return ingestion.load.invocations_per_second * max(1.0, of_batch / WRITE_BYTES) + (
            self._workload.posts_per_second * max(1.0, of_post / WRITE_BYTES)
        )
