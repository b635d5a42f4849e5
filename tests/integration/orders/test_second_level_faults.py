"""Whatever the shared cache's server does, a look-up goes on soon, and never with a wrong order."""

import contextlib
import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devstack.ports import free_port
from orders.model import EncodedOrder
from orders.second_level import BUDGET
from orders.second_level.connecting import connect
from orders.second_level.resp import Deadline, ExchangeError
from orders.second_level.sealing import seal_order
from orders.second_level.url import CacheServer
from tests.integration.orders.listeners import accepting, silent_server
from tests.integration.orders.shared_caches import (
    PATIENT,
    Environment,
    NewEnvironment,
    environments,
    key_of,
)
from tests.integration.orders.tls_server import certificate
from tests.servers import redis_program, running_cache
from tests.unit.orders.made import Clock, encoded

ORDER = EncodedOrder("a", "{}", "d" * 64)
NOTHING = b"$0\r\n\r\n"
_SECONDS = 10

Serve = Callable[[socket.socket], None]


def bulk(value: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value), value)


SEALED = bulk(seal_order(key_of("a"), ORDER))


@contextlib.contextmanager
def serving(serve: Serve) -> Iterator[int]:
    """Serve every connection so; give the port."""

    def heed(wire: socket.socket) -> None:
        with wire, contextlib.suppress(OSError):
            wire.settimeout(_SECONDS)
            serve(wire)

    with accepting(heed) as port:
        yield port


@contextlib.contextmanager
def served(serve: Serve, **options: object) -> Iterator[Environment]:
    """Give an environment whose server serves so."""
    with serving(serve) as port, environments(f"valkey://127.0.0.1:{port}") as new:
        yield new(**options)


def replying(*replies: bytes) -> Serve:
    """Give each command that comes the next reply; after the last one, end the connection."""

    def serve(wire: socket.socket) -> None:
        for reply in replies:
            if wire.recv(10_000):
                wire.sendall(reply)

    return serve


@contextlib.contextmanager
def within_a_budget() -> Iterator[None]:
    """Fail when a look-up waited for what comes in `_SECONDS` or never."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < _SECONDS / 2


@pytest.mark.parametrize(
    "refusal",
    [
        "LOADING Valkey is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "MOVED 15495 10.0.0.1:6379",
        "BUSY Valkey is busy running a script.",
        "ERR max number of clients reached",
        "\N{SNOWMAN}",
    ],
)
def test_a_server_that_refuses_is_left_alone(refusal: str) -> None:
    with served(replying(f"-{refusal}\r\n".encode())) as environment:
        assert environment.get("a") is None
        environment.put(ORDER)
        assert environment.get("a") is None

    stats = environment.stats()
    assert (stats.faults, stats.skipped, stats.circuit) == (1, 1, "open")
    assert (stats.misses, stats.rejected) == (0, 0)
    assert environment.reports == [refusal]


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\r\n",
        b"$abc\r\n",
        b"$-7\r\n",
        b"$99999999999\r\n",
        b"$" + b"9" * 5000 + b"\r\n",
        b"$2\r\nabcdef\r\n",
        b"*1\r\n$1\r\na\r\n",
        b"%1\r\n+a\r\n+b\r\n",
        b":one\r\n",
        b"x" * 100_000,
        SEALED + SEALED,
    ],
    ids=lambda reply: repr(reply[:20]),
)
def test_what_does_not_speak_as_agreed_is_hung_up_on(reply: bytes) -> None:
    hung_up = threading.Event()

    def serve(wire: socket.socket) -> None:
        wire.recv(10_000)
        with contextlib.suppress(ConnectionError):
            wire.sendall(reply)
            while wire.recv(10_000):
                pass
        hung_up.set()

    with served(serve) as environment:
        assert environment.get("a") is None
        assert hung_up.wait(_SECONDS)

    assert environment.stats().circuit == "open"
    (report,) = environment.reports
    assert report.startswith("the server does not speak RESP")


@pytest.mark.parametrize("reply", [b":1\r\n", b"+OK\r\n", b"$-1\r\n", b"-WRONGTYPE no\r\n"])
def test_a_reply_to_something_else_is_no_order(reply: bytes) -> None:
    with served(replying(reply)) as environment:
        assert environment.get("a") is None

    assert environment.stats().rejected == 1


def test_a_reply_that_comes_late_is_never_the_next_one_s() -> None:
    given_up, hung_up = threading.Event(), threading.Event()
    connections = itertools.count()
    clock = Clock()

    def serve(wire: socket.socket) -> None:
        is_first = next(connections) == 0
        wire.recv(10_000)
        if is_first:
            clock.now += BUDGET.one
            wire.sendall(SEALED[:1])  # so that the client looks at its clock
            assert given_up.wait(_SECONDS)
            with contextlib.suppress(ConnectionError):
                wire.sendall(SEALED[1:])
                while wire.recv(10_000):
                    pass
            hung_up.set()
        else:
            wire.sendall(NOTHING)

    budget = PATIENT._replace(one=BUDGET.one)
    with served(serve, budget=budget, clock=clock) as environment:
        assert environment.get("a") is None
        given_up.set()
        assert hung_up.wait(_SECONDS)
        clock.now += 1

        assert environment.get("b") is None

    stats = environment.stats()
    assert (stats.misses, stats.rejected, stats.faults) == (1, 0, 1)
    assert environment.reports == ["no answer in time"]
    assert next(connections) == 2


def test_an_answer_in_pieces_has_one_budget_for_all_of_it() -> None:
    stop = threading.Event()

    def serve(wire: socket.socket) -> None:
        wire.recv(10_000)
        wire.sendall(b"$1000\r\n")
        for _ in range(1000):
            wire.sendall(b"x")
            if stop.wait(0.01):
                return

    with served(serve, budget=PATIENT._replace(one=0.1)) as environment:
        with within_a_budget():
            assert environment.get("a") is None
        stop.set()

    assert environment.reports == ["no answer in time"]


def test_an_answer_that_is_slow_is_taken_and_the_server_left_alone() -> None:
    clock = Clock()

    def serve(wire: socket.socket) -> None:
        for _ in range(2):
            wire.recv(10_000)
            clock.now += 0.6 * BUDGET.one
            wire.sendall(SEALED)

    with served(serve, budget=BUDGET, clock=clock) as environment:
        first, second = environment.get("a"), environment.get("a")
        clock.now += 1
        third, fourth = environment.get("a"), environment.get("a")
        clock.now += 1
        fifth = environment.get("a")

    assert [first, second, third, fourth, fifth] == [ORDER, None, ORDER, None, None]
    stats = environment.stats()
    assert (stats.hits, stats.faults, stats.skipped, stats.circuit) == (2, 2, 3, "open")


def reset(wire: socket.socket) -> None:
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("end", [reset, lambda _: None], ids=["reset", "closed"])
def test_a_warm_connection_that_ends_in_the_middle_is_replaced_once(end: Serve) -> None:
    connections = itertools.count()

    def serve(wire: socket.socket) -> None:
        is_first = next(connections) == 0
        if is_first:
            replying(NOTHING)(wire)
        wire.recv(10_000)
        wire.sendall(SEALED[:20])
        end(wire)

    with served(serve) as environment:
        environment.get("a")

        assert environment.get("a") is None

    assert next(connections) == 2
    stats = environment.stats()
    assert (stats.misses, stats.faults, stats.circuit) == (1, 1, "open")


# Not reached


def test_a_server_that_is_not_there_is_left_alone() -> None:
    with environments(f"valkey://127.0.0.1:{free_port()}") as new:
        environment = new()

        assert environment.get("a") is None
        environment.put(encoded("a"))
        assert environment.newest(100) == []

    assert environment.stats().circuit == "open"
    (report,) = environment.reports
    assert "refused" in report


@pytest.mark.parametrize("scheme", ["valkey", "valkeys"])
def test_a_server_that_says_nothing_is_waited_for_no_longer_than_the_budget(scheme: str) -> None:
    with silent_server() as server, environments(f"{scheme}://127.0.0.1:{server.port}") as new:
        environment = new(budget=PATIENT._replace(connect=0.1, one=0.05))

        with within_a_budget():
            assert environment.get("a") is None

    assert environment.reports == ["no answer in time"]


def test_a_connection_that_nobody_accepts_is_waited_for_no_longer_than_the_budget() -> None:
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        socket.create_connection(listener.getsockname()),  # nobody takes it, so that no other fits
        environments(f"valkey://127.0.0.1:{listener.getsockname()[1]}") as new,
    ):
        environment = new(budget=PATIENT._replace(connect=0.1))

        with within_a_budget():
            assert environment.get("a") is None

    assert environment.reports == ["no answer in time"]


def test_a_name_that_is_not_resolved_is_waited_for_no_longer_than_the_budget() -> None:
    resolved = threading.Event()

    def resolve(*_: object, **__: object) -> list[object]:
        resolved.wait(_SECONDS)
        return []

    with pytest.raises(ExchangeError, match=r"cache\.example is not resolved: no answer"):
        connect(CacheServer(host="cache.example"), None, Deadline(0.1), resolve)

    resolved.set()


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 64])
def test_a_name_that_does_not_exist_is_a_fault(host: str) -> None:
    with environments(f"valkey://{host}") as new:
        environment = new()

        assert environment.get("a") is None

    assert environment.stats().circuit == "open"


def test_of_several_addresses_each_is_tried() -> None:
    with serving(replying(b"+PONG\r\n")) as port:
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", one))
            for one in (free_port(), port)
        ]
        connection = connect(
            CacheServer(host="cache.example"),
            None,
            Deadline(_SECONDS),
            resolve=lambda *_, **__: addresses,
        )
        replies = connection.exchange([[b"PING"]], Deadline(_SECONDS))
        connection.close()

    assert replies == [b"PONG"]


# TLS


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Give the address of a server that speaks TLS alone beside its plain port, and its CA."""
    own = certificate(tmp_path_factory.mktemp("tls"), "localhost")
    port = str(free_port())
    files = [f"--tls-{name}-file" for name in ("cert", "key", "ca-cert")]
    options = [
        *("--tls-port", port, "--tls-auth-clients", "no"),
        *itertools.chain.from_iterable((name, str(own)) for name in files),
    ]
    with running_cache(redis_program(), options):
        yield f"valkeys://localhost:{port}", own


def test_a_server_with_the_right_certificate_is_spoken_to_in_secret(
    encrypted: tuple[str, Path],
) -> None:
    url, ca = encrypted
    with environments(f"{url}?ssl_ca_certs={ca}") as new:
        big = encoded("big", "x" * 1_000_000)
        new().put_all([ORDER, big])

        assert new().get_all(["a", "big"]) == [ORDER, big]


def refusal(new: NewEnvironment) -> str:
    environment = new()
    assert environment.get("a") is None
    (report,) = environment.reports
    return report


def test_whoever_is_not_vouched_for_is_told_nothing(
    encrypted: tuple[str, Path], tmp_path: Path
) -> None:
    url, ca = encrypted
    other = certificate(tmp_path, "localhost")

    with environments(f"{url}?ssl_ca_certs={other}") as new:
        assert "CERTIFICATE_VERIFY_FAILED" in refusal(new)
    with environments(f"{url.replace('localhost', '127.0.0.1')}?ssl_ca_certs={ca}") as new:
        assert "CERTIFICATE_VERIFY_FAILED" in refusal(new)
    with environments(url) as new:
        assert "CERTIFICATE_VERIFY_FAILED" in refusal(new)


def test_a_file_that_holds_no_ca_is_named(encrypted: tuple[str, Path]) -> None:
    url, _ = encrypted
    with environments(f"{url}?ssl_ca_certs=/missing.pem") as new:
        assert "ssl_ca_certs of CACHE_URL, /missing.pem" in refusal(new)
