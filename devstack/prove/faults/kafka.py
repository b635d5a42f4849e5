"""Faults of Kafka: its one broker, which leads every partition, restarted, killed or paused."""

import signal
from collections.abc import Sequence

from devstack.prove.faults.fault import Fault
from devstack.prove.faults.processes import paused, signalled

FAULTS: Sequence[Fault] = (
    Fault(
        "broker-restarted",
        "the broker is stopped in order (SIGTERM)",
        (0, 0),
        signalled("kafka", signal.SIGTERM),
        takes_seconds=5.0,
    ),
    Fault(
        "broker-killed",
        "SIGKILL of the broker",
        (0, 0),
        signalled("kafka", signal.SIGKILL),
        takes_seconds=5.0,
    ),
    Fault(
        "leader-paused",
        "the leader of every partition stands still (SIGSTOP)",
        (2, 10),
        paused("kafka"),
    ),
)
