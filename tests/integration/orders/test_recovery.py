"""PostgreSQL goes away and comes back; nothing is lost, and what was warm recovers by itself."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from orders import lookup
from orders.cache import OrderCache
from orders.config import Settings
from orders.database import Database, Session
from orders.errors import StoreUnavailableError
from orders.ingestion import Result, ingest
from orders.repository import PostgresOrderReader, PostgresOrderStore
from orders.repository.writing import PostgresTransaction
from tests.integration.conftest import Query
from tests.servers import PostgresServer
from tests.unit.orders.made import ORDER_UID, records, sample


def test_a_connection_that_was_killed_is_replaced_for_a_read(
    store: PostgresOrderStore, reader: PostgresOrderReader, query: Query
) -> None:
    ingest(records(sample()), store, seconds_left=lambda: 10.0)
    assert reader.find(ORDER_UID, seconds=2)

    _kill_others(query)

    assert reader.find(ORDER_UID, seconds=2)


def test_a_connection_that_was_killed_is_replaced_for_a_batch(
    store: PostgresOrderStore, query: Query
) -> None:
    ingest(records(sample()), store, seconds_left=lambda: 10.0)

    _kill_others(query)

    result = ingest(records(None, sample(order_uid="b")), store, seconds_left=lambda: 10.0)
    assert result.stored == 1


def test_a_server_that_restarts_is_found_again(
    postgres: PostgresServer, store: PostgresOrderStore, reader: PostgresOrderReader
) -> None:
    cache = OrderCache(10)
    ingest(records(sample()), store, seconds_left=lambda: 10.0)
    lookup.look_up(ORDER_UID, cache, reader)

    postgres.stop()
    try:
        assert lookup.look_up(ORDER_UID, cache, reader).hit
        with pytest.raises(StoreUnavailableError):
            lookup.look_up("other", cache, reader)
        with pytest.raises(StoreUnavailableError):
            ingest(records(sample(order_uid="b")), store, seconds_left=lambda: 10.0)
        lookup.warm(OrderCache(10), reader)
    finally:
        postgres.start()

    assert not lookup.look_up(ORDER_UID, OrderCache(10), reader).hit
    assert ingest(records(sample()), store, seconds_left=lambda: 10.0) == Result(duplicates=1)


@pytest.fixture
def silent_server() -> Iterator[Settings]:
    """Accept connections and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Settings(db_port=listener.getsockname()[1])


def test_a_database_that_does_not_answer_is_given_up_in_about_two_seconds(
    silent_server: Settings,
) -> None:
    reader = PostgresOrderReader(Database(silent_server))
    before = time.monotonic()

    with pytest.raises(StoreUnavailableError):
        lookup.look_up("a", OrderCache(1), reader)

    assert time.monotonic() - before < lookup.STORE_SECONDS + 0.5


def test_a_statement_that_waits_for_a_lock_ends_with_the_deadline(
    settings: Settings, store: PostgresOrderStore
) -> None:
    ingest(records(sample()), store, seconds_left=lambda: 10.0)
    other = Database(settings).connect()
    other.script("BEGIN; LOCK TABLE orders")

    with pytest.raises(StoreUnavailableError):
        ingest(records(sample(order_uid="b")), store, seconds_left=lambda: 1.0)

    other.close()


def test_a_batch_that_dies_before_its_commit_leaves_nothing(
    settings: Settings, store: PostgresOrderStore, query: Query
) -> None:
    ingest(records(sample()), store, seconds_left=lambda: 10.0)
    blocker = Database(settings).connect()
    blocker.script("BEGIN; LOCK TABLE items")
    raised: list[StoreUnavailableError] = []

    def write() -> None:
        try:
            ingest(records(None, sample(order_uid="b")), store, seconds_left=lambda: 3.0)
        except StoreUnavailableError as error:
            raised.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    writer.join(timeout=20)
    blocker.close()

    assert raised
    assert query("SELECT order_uid FROM orders") == [[ORDER_UID]]
    assert query("SELECT offsets::text FROM ingested_offsets") == [["{[0,1)}"]]


def test_a_client_that_vanishes_amid_a_transaction_blocks_its_partition_for_a_moment_only(
    settings: Settings, store: PostgresOrderStore
) -> None:
    vanished = Database(settings)
    locked, met_again = threading.Event(), threading.Event()

    def vanish(session: Session) -> None:
        PostgresTransaction(session).lock_ledger(records(sample()))
        locked.set()
        met_again.wait(timeout=20)  # as a machine that is gone: it says nothing and closes nothing
        session.run("SELECT")

    def work() -> None:
        with contextlib.suppress(StoreUnavailableError):
            vanished.transact(vanish, seconds=1.0)

    client = threading.Thread(target=work)
    client.start()
    assert locked.wait(timeout=20)

    assert ingest(records(sample()), store, seconds_left=lambda: 10.0).stored == 1

    met_again.set()
    client.join(timeout=20)


def test_a_server_is_to_notice_within_ten_seconds_that_a_client_amid_a_copy_is_gone(
    database: Database,
) -> None:
    def options(session: Session) -> list[int]:
        names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
        return [int(session.run(f"SHOW {name}")[0][0]) for name in names]

    idle, interval, count = database.transact(options, seconds=10)

    assert 0 < idle + interval * count <= 10


def test_a_quarantine_that_fails_changes_no_records_code(
    store: PostgresOrderStore, query: Query
) -> None:
    ingest(records(sample()), store, seconds_left=lambda: 10.0)
    conflict = records(None, sample(locale="ru"))[1:]
    query("ALTER TABLE quarantined_records ADD CONSTRAINT broken CHECK (false) NOT VALID")

    with pytest.raises(StoreUnavailableError):
        ingest(conflict, store, seconds_left=lambda: 10.0)
    query("ALTER TABLE quarantined_records DROP CONSTRAINT broken")
    ingest(conflict, store, seconds_left=lambda: 10.0)

    assert query("SELECT code FROM quarantined_records") == [["conflict"]]


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system has no such options")
def test_a_server_that_vanishes_is_noticed_within_ten_seconds(settings: Settings) -> None:
    session = Database(settings).connect()

    def option(name: str) -> int:
        return session._wire.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))  # noqa: SLF001

    idle, interval, count = map(option, ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"))
    assert idle + interval * count <= 10
    assert option("TCP_USER_TIMEOUT") <= 10_000
    session.close()


def test_wrong_credentials_are_the_infrastructures_fault(postgres: PostgresServer) -> None:
    nobody = Settings(db_host=postgres.host, db_port=postgres.port, db_user="nobody")

    with pytest.raises(StoreUnavailableError):
        Database(nobody).connect()


def _kill_others(query: Query) -> None:
    query(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
