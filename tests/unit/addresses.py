"""Where a stack of the unit tests would listen: nothing of it is ever started."""

from dataclasses import replace
from pathlib import Path

import psutil

from devstack import state
from devstack.settings import Addresses

ADDRESSES = Addresses(
    http_ports=(8080,),
    invoke_port=3001,
    aws_port=5555,
    kafka_broker="127.0.0.1:9092",
    kafka_controller_port=9093,
    db_host="127.0.0.1",
    db_port=5432,
)

READS_NATS = replace(ADDRESSES, kafka_broker="", nats_url="nats://127.0.0.1:4222")


def keep_running(home: Path, addresses: Addresses) -> None:
    """Say in a folder that a stack with these addresses runs there: this process."""
    own = psutil.Process()
    state.write(home, state.State(own.pid, own.create_time(), True, addresses, {}))  # noqa: FBT003 - up
