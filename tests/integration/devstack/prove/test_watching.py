"""The ledger of a real PostgreSQL watched, while the server hangs and restarts."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from pg8000.native import Connection

from devstack.prove.load.places import Place, Places
from devstack.prove.watching import MOST_SECONDS, Watching
from orders.database import Database
from tests.integration.conftest import Query
from tests.servers import PostgresServer, wait_until

# What pg8000 has opened when a handshake times out is closed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


class HandLoad:
    """What was produced, by hand."""

    def __init__(self) -> None:
        self.places = Places(9)
        self.next_number = 9
        self.by_partition = {0: 5, 1: 4}


@pytest.fixture
def load() -> HandLoad:
    return HandLoad()


@pytest.fixture
def watching(
    postgres: PostgresServer, environment: dict[str, str], database: Database, load: HandLoad
) -> Iterator[Watching]:
    """Watch a migrated database."""
    assert database
    name = environment["DB_NAME"]

    def connect(seconds: float) -> Connection:
        return postgres.server.administrator(name, seconds)

    watching = Watching(connect, load, topic="orders", first_offset=0, now=time.monotonic)
    watching.start()
    yield watching
    watching.stop()


def test_the_ledger_is_read_by_partition_and_only_that_of_the_topic(
    watching: Watching, load: HandLoad, query: Query
) -> None:
    load.places.put(0, Place(0, 2, 0))
    load.places.put(1, Place(0, 4, 0))
    load.places.put(2, Place(1, 1, 0))
    query(
        "INSERT INTO ingested_offsets (topic, partition, offsets) VALUES"
        " ('orders', 0, '{[0,3),[4,5)}'), ('orders', 1, '{[1,3)}'), ('orders', 2, '{}'),"
        " ('file.orders', 0, '{[0,99)}')"
    )

    wait_until(lambda: _settled(watching) == 6, "the ledger to be seen")

    assert watching.samples[-1].by_partition == {0: 4, 1: 2, 2: 0}
    assert watching.samples[-1].acknowledged == 9
    assert watching.settled_at(0) is not None
    assert watching.settled_at(1) is None, "one before it has no fate"
    assert watching.settled_at(2) is None


def test_a_hanging_server_is_a_gap_and_seen_again_as_soon_as_it_goes_on(
    watching: Watching, postgres: PostgresServer
) -> None:
    wait_until(lambda: watching.samples, "a first sample")

    with _paused(postgres):
        seen = len(watching.samples)
        began = time.monotonic()
        wait_until(lambda: time.monotonic() > began + 1.5 * MOST_SECONDS, "a while")
        assert len(watching.samples) <= seen + 1
    wait_until(lambda: len(watching.samples) > seen + 2, "further samples", 3 * MOST_SECONDS)


def test_a_hanging_server_does_not_keep_it_from_stopping(
    watching: Watching, postgres: PostgresServer
) -> None:
    wait_until(lambda: watching.samples, "a first sample")

    with _paused(postgres):
        began = time.monotonic()
        watching.stop()

        assert time.monotonic() - began < 3 * MOST_SECONDS


def test_a_server_that_restarts_is_seen_again(watching: Watching, postgres: PostgresServer) -> None:
    wait_until(lambda: watching.samples, "a first sample")
    postgres.stop(signal.SIGINT)
    seen = len(watching.samples)

    postgres.start()

    wait_until(lambda: len(watching.samples) > seen, "further samples")


def _settled(watching: Watching) -> int:
    return watching.samples[-1].settled if watching.samples else 0


@contextmanager
def _paused(postgres: PostgresServer) -> Iterator[None]:
    pid_file = postgres.server.data / "postmaster.pid"
    postmaster = psutil.Process(int(pid_file.read_text().split()[0]))
    processes = [postmaster, *postmaster.children()]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()
