"""What is asked: rates, and what is to carry them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What arrives, all the time alike."""

    orders_per_second: float
    """Over Kafka."""
    posts_per_second: float = 0.0
    lookups_per_second: float = 0.0
    order_bytes: float
    hit_rate: float
    """Of the look-ups that reach the function: how many its warm cache answers."""
    edge_hit_rate: float = 0.0
    """Of all look-ups: how many CloudFront answers."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """How it is deployed, and what an estimate has to assume of it."""

    partitions: int | None
    """None: as many as are needed, and `usual_partitions` at least."""
    usual_partitions: int
    batch_size: int
    window_seconds: float
    memory_mb: Mapping[str, int]
    """Logical id of a function → its memory."""
    speed: float
    """A vCPU of Lambda, and of Aurora, over a core of the measuring machine."""
    network_ms: float
    """The way to the database and back, all in all, of an invocation that goes it."""
    headroom: float
    """How many times the rate is to be carried."""
    msk: str
    broker: str
    disk_gigabytes: float
    """Of each broker, at least."""
    retention_days: float
    database: str
    months: float
    """For how long orders have been stored."""
    minimum_acus: float
    alarms: int
