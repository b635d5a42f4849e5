"""Second levels for tests: a server's URL in, those of as many environments as wanted out."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from orders.second_level import Budget, Client, ValkeySecondLevel, url
from orders.second_level.connecting import connect
from orders.second_level.resp import Command, Deadline, Reply

DATABASE = "db.example:5432/orders_db"
PATIENT = Budget(connect=10, one=10, many=10)
"""For tests of something else: a busy machine is no fault."""
_SECONDS = 10


class Environment(ValkeySecondLevel):
    """What one environment has of the shared cache, and what it reported."""

    def __init__(
        self,
        address: str,
        *,
        budget: Budget = PATIENT,
        database: str = DATABASE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.reports: list[str] = []
        server = url.parse(address)
        client = Client(server, self.reports.append, budget=budget, clock=clock)
        super().__init__(client, database, ttl_seconds=100)


NewEnvironment = Callable[..., Environment]


@contextmanager
def environments(address: str) -> Iterator[NewEnvironment]:
    """Make environments, whose connections end with the block."""
    made: list[Environment] = []

    def make(other: str = "", **options: Any) -> Environment:  # noqa: ANN401 - those of Environment
        made.append(Environment(other or address, **options))
        return made[-1]

    yield make
    for environment in made:
        environment.close()


def ask(address: str, *commands: Command) -> list[Reply]:
    """Send commands as an administrator."""
    connection = connect(url.parse(address), None, Deadline(_SECONDS))
    try:
        return connection.exchange(commands, Deadline(_SECONDS))
    finally:
        connection.close()


def key_of(order_uid: str, database: str = DATABASE) -> bytes:
    """Return what an order is kept under: a contract among all environments that share."""
    return f"serverless-orders:1:{database}:order:{order_uid}".encode()
