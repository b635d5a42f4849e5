"""The proxy between pg8000, which the functions use, and a real PostgreSQL."""

import random
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import pg8000.exceptions
import pg8000.native
import pytest

from devstack.ports import LOCALHOST, free_port
from devstack.prove.arena.proxy import Course, MissedError, Moment, Proxy
from devstack.waiting import until
from tests.servers import PostgresServer, wait_until

PATIENCE_SECONDS = 10
SILENT_SECONDS = 0.2
"""How long something is waited for that is never to come."""
LOST = (pg8000.exceptions.InterfaceError, OSError)
ENCRYPTION_REQUEST = bytes.fromhex("0000000804d2162f")
ROWS = b"".join(b"a note of some length, the %d. of them\n" % number for number in range(2500))
MOMENTS = {
    Moment.COPY_DATA: False,
    Moment.COMMIT_ASKED: False,
    Moment.COMMIT_SENT: True,
    Moment.COMMIT_ANSWERED: True,
    Moment.COMMIT_PASSED: True,
}
"""Whether PostgreSQL has all that it needs to commit."""


class Client:
    """A connection as the functions have it: pg8000's on a socket of the client's own."""

    def __init__(
        self, postgres: PostgresServer, port: int, *, asks_for_encryption: bool = False
    ) -> None:
        self.wire = socket.create_connection((LOCALHOST, port), PATIENCE_SECONDS)
        self.port = self.wire.getsockname()[1]
        try:
            if asks_for_encryption:
                self.wire.sendall(ENCRYPTION_REQUEST)
                assert self.wire.recv(1) == b"N"
            self._connection = pg8000.native.Connection(
                postgres.user,
                password=postgres.password,
                database=postgres.dbname,
                sock=self.wire,
                ssl_context=False,
            )
        except BaseException:
            self.wire.close()
            raise

    def run(self, statement: str, **more: object) -> list[list[object]]:
        rows: list[list[object]] = self._connection.run(statement, **more)
        return rows

    def store(self) -> None:
        """Store notes by COPY in a transaction, as ingestion does."""
        self.run("BEGIN")
        self.run("COPY notes FROM STDIN", stream=[ROWS])
        self.run("COMMIT")

    def has_stored(self) -> bool:
        return self.run("SELECT FROM notes LIMIT 1") != []

    def close(self) -> None:
        with suppress(*LOST):
            self._connection.close()
        self.wire.close()


Connect = Callable[..., Client]


def waiting(proxy: Proxy, moment: Moment) -> int:
    """Count those who wait for a moment, which nobody but a test has to know."""
    return len(proxy._catches._waiting[moment])  # noqa: SLF001


def when_awaited(proxy: Proxy, moment: Moment, work: Callable[[], None]) -> None:
    """Do something as soon as its moment is waited for, so that it does not come by too early."""
    wait_until(lambda: waiting(proxy, moment), "somebody to wait")
    work()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def proxy(postgres: PostgresServer, port: int) -> Iterator[Proxy]:
    running = Proxy(port, (LOCALHOST, postgres.port))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def connect(
    postgres: PostgresServer, port: int, proxy: Proxy, threads: ThreadPoolExecutor
) -> Iterator[Connect]:
    """Give what connects through the proxy; at the end no thread waits for an answer any more."""
    assert threads
    clients: list[Client] = []

    def connect(**how: bool) -> Client:
        clients.append(Client(postgres, port, **how))
        return clients[-1]

    yield connect
    proxy.cut()
    for client in clients:
        client.close()


@pytest.fixture
def straight(postgres: PostgresServer) -> Iterator[Client]:
    """Give a connection past the proxy; the notes' table is empty."""
    with closing(Client(postgres, postgres.port)) as client:
        client.run("DROP TABLE IF EXISTS notes")
        client.run("CREATE TABLE notes (note text)")
        yield client


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as executor:
        yield executor


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_connection_is_held_at_its_moment_and_goes_on(
    moment: Moment, proxy: Proxy, connect: Connect, straight: Client, threads: ThreadPoolExecutor
) -> None:
    client = connect()
    work = threads.submit(when_awaited, proxy, moment, client.store)
    held: list[int] = []

    def act(port: int) -> Course:
        held.append(port)
        if moment is Moment.COMMIT_PASSED:
            work.result(PATIENCE_SECONDS)
        else:
            assert is_silent(work)
        assert straight.has_stored() == MOMENTS[moment]
        return Course.PASS

    proxy.catch(moment, act, PATIENCE_SECONDS)
    work.result(PATIENCE_SECONDS)

    assert held == [client.port]
    assert straight.has_stored()
    assert client.run("SELECT 1") == [[1]]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_connection_is_reset_at_its_moment_and_others_go_on(
    moment: Moment, proxy: Proxy, connect: Connect, straight: Client, threads: ThreadPoolExecutor
) -> None:
    client, other = connect(), connect()
    work = threads.submit(when_awaited, proxy, moment, client.store)

    def act(_: int) -> Course:
        assert other.run("SELECT 1") == [[1]]
        wait_until(lambda: straight.has_stored() == MOMENTS[moment], "what is asked for")
        if moment is Moment.COMMIT_PASSED:
            work.result(PATIENCE_SECONDS)
        return Course.DROP

    proxy.catch(moment, act, PATIENCE_SECONDS)

    wait_until(lambda: proxy.connections == 1, "the connection to end")
    assert moment is Moment.COMMIT_PASSED or isinstance(work.exception(PATIENCE_SECONDS), LOST)
    with pytest.raises(LOST):
        client.store()
    assert straight.has_stored() == MOMENTS[moment]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_connection_is_silent_from_its_moment_on_and_others_go_on(
    moment: Moment, proxy: Proxy, connect: Connect, straight: Client, threads: ThreadPoolExecutor
) -> None:
    client, other = connect(), connect()
    work = threads.submit(when_awaited, proxy, moment, lambda: store_twice(client))

    proxy.catch(moment, lambda _: Course.SILENCE, PATIENCE_SECONDS)

    wait_until(lambda: straight.has_stored() == MOMENTS[moment], "what is asked for")
    assert is_silent(work)
    assert other.run("SELECT 1") == [[1]]
    assert proxy.connections == 2


def test_two_who_wait_for_the_same_moment_get_a_connection_each(
    proxy: Proxy, connect: Connect, straight: Client, threads: ThreadPoolExecutor
) -> None:
    clients = connect(), connect(), connect()
    held: list[int] = []

    def act(port: int) -> Course:
        held.append(port)
        wait_until(lambda: len(held) == 2, "the other one", PATIENCE_SECONDS)
        return Course.DROP

    catches = [
        threads.submit(proxy.catch, Moment.COMMIT_ASKED, act, PATIENCE_SECONDS) for _ in range(2)
    ]
    wait_until(lambda: waiting(proxy, Moment.COMMIT_ASKED) == 2, "both to wait")
    works = [threads.submit(client.store) for client in clients]
    for catch in catches:
        catch.result(PATIENCE_SECONDS)

    lost = {
        client.port
        for client, work in zip(clients, works, strict=True)
        if isinstance(work.exception(PATIENCE_SECONDS), LOST)
    }
    assert len(lost) == 2
    assert lost == set(held)
    assert straight.has_stored()


def test_who_waits_in_vain_is_told_and_holds_nobody_up(
    proxy: Proxy, connect: Connect, straight: Client
) -> None:
    with pytest.raises(MissedError, match=r"came to COMMIT_ASKED within 0\.01 s"):
        proxy.catch(Moment.COMMIT_ASKED, lambda _: Course.DROP, 0.01)

    connect().store()

    assert straight.has_stored()


def test_what_goes_wrong_in_an_act_is_raised_and_the_connection_goes_on(
    proxy: Proxy, connect: Connect, straight: Client, threads: ThreadPoolExecutor
) -> None:
    work = threads.submit(when_awaited, proxy, Moment.COMMIT_SENT, connect().store)

    with pytest.raises(ZeroDivisionError):
        proxy.catch(Moment.COMMIT_SENT, lambda port: Course(port / 0), PATIENCE_SECONDS)

    work.result(PATIENCE_SECONDS)
    assert straight.has_stored()


def test_what_comes_while_all_is_held_is_passed_on_afterwards(
    proxy: Proxy, connect: Connect, threads: ThreadPoolExecutor
) -> None:
    client = connect()

    proxy.hold()
    work = threads.submit(client.run, "SELECT 1")
    connecting = threads.submit(connect)
    assert is_silent(work)
    assert is_silent(connecting)
    proxy.release()

    assert work.result(PATIENCE_SECONDS) == [[1]]
    assert connecting.result(PATIENCE_SECONDS).run("SELECT 2") == [[2]]


def test_what_is_forgotten_stays_silent_and_new_connections_work(
    proxy: Proxy, connect: Connect, threads: ThreadPoolExecutor
) -> None:
    client = connect()

    proxy.hold()
    work = threads.submit(client.run, "SELECT 1")
    proxy.forget()
    proxy.release()

    assert connect().run("SELECT 2") == [[2]]
    assert is_silent(work)
    assert proxy.connections == 2


def test_every_connection_is_reset_and_new_ones_work(proxy: Proxy, connect: Connect) -> None:
    clients = connect(), connect()

    proxy.cut()

    assert proxy.connections == 0
    for client in clients:
        with pytest.raises(ConnectionResetError):
            client.wire.recv(1)
    assert connect().run("SELECT 1") == [[1]]


def test_who_connects_while_postgresql_is_away_is_reset_at_once() -> None:
    proxy = Proxy(port := free_port(), (LOCALHOST, free_port()))
    proxy.start()

    with (
        pytest.raises(ConnectionResetError),
        socket.create_connection((LOCALHOST, port), PATIENCE_SECONDS) as wire,
    ):
        wire.recv(1)

    proxy.stop()


def test_the_end_of_one_side_is_the_end_of_the_other(
    proxy: Proxy, connect: Connect, straight: Client
) -> None:
    ended, leaving = connect(), connect()
    (pid,), (other,) = (client.run("SELECT pg_backend_pid()")[0] for client in (ended, leaving))

    straight.run("SELECT pg_terminate_backend(:pid)", pid=pid)
    with pytest.raises(LOST):
        ended.run("SELECT 1")
    leaving.close()

    def has_left() -> bool:
        found = straight.run("SELECT FROM pg_stat_activity WHERE pid = :pid", pid=other)
        return not found

    wait_until(has_left, "the session to end", PATIENCE_SECONDS)
    wait_until(lambda: proxy.connections == 0, "the connections to end", PATIENCE_SECONDS)


def test_a_port_that_is_taken_is_refused(port: int, proxy: Proxy) -> None:
    assert proxy.connections == 0

    with pytest.raises(OSError, match="Address already in use"):
        Proxy(port, (LOCALHOST, port)).start()


def test_a_commit_is_known_after_encryption_was_refused(
    proxy: Proxy, connect: Connect, straight: Client, threads: ThreadPoolExecutor
) -> None:
    client = connect(asks_for_encryption=True)
    work = threads.submit(when_awaited, proxy, Moment.COMMIT_ASKED, client.store)

    proxy.catch(Moment.COMMIT_ASKED, lambda _: Course.DROP, PATIENCE_SECONDS)

    assert isinstance(work.exception(PATIENCE_SECONDS), LOST)
    assert not straight.has_stored()


def test_much_passes_as_it_came(connect: Connect, straight: Client) -> None:
    client = connect()
    draw = random.Random(7)  # noqa: S311 - notes, no secrets
    notes = [draw.randbytes(draw.randrange(40_000)).hex() for _ in range(100)]

    client.run("BEGIN")
    client.run("COPY notes FROM STDIN", stream=(f"{note}\n".encode() for note in notes))
    client.run("COMMIT")
    for number in range(300):
        assert client.run("SELECT :number::int", number=number) == [[number]]

    stored = client.run("SELECT note FROM notes")
    assert stored == straight.run("SELECT note FROM notes")
    assert sorted(stored) == sorted([note] for note in notes)


def store_twice(client: Client) -> None:
    client.store()
    client.store()


def is_silent(work: "Future[Any]") -> bool:
    return not until(work.done, SILENT_SECONDS)
