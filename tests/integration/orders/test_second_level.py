"""Environments share orders through a real Valkey, or a Redis 7, whatever else is in it."""

import json
import signal
from collections.abc import Iterator
from typing import cast

import pytest

from devstack.ports import free_port
from orders.model import EncodedOrder
from orders.second_level import BUDGET
from orders.second_level.client import LARGEST_VALUE
from orders.second_level.level import NEWEST_SECONDS
from orders.second_level.resp import Command
from orders.second_level.sealing import seal_order
from tests.integration.orders.shared_caches import (
    PATIENT,
    Environment,
    NewEnvironment,
    ask,
    environments,
    key_of,
)
from tests.servers import CacheServer, redis_program, running_cache, wait_until
from tests.unit.orders.made import Clock, encoded

ORDER = EncodedOrder("a", '{"name":"Ёж"}', "d" * 64)
KEY = key_of("a")
SEALED = seal_order(KEY, ORDER)


@pytest.fixture(scope="module", params=["valkey", "redis"])
def server(request: pytest.FixtureRequest) -> Iterator[CacheServer]:
    with running_cache(redis_program() if request.param == "redis" else None) as server:
        yield server


@pytest.fixture
def url(server: CacheServer) -> Iterator[str]:
    """Give an empty server, and undo what a test configures."""
    ask(server.url, [b"FLUSHALL"])
    yield server.url
    server.stop()
    server.start()


@pytest.fixture
def new(url: str) -> Iterator[NewEnvironment]:
    with environments(url) as new:
        yield new


def setting(key: bytes, value: bytes) -> Command:
    return (b"SET", key, value)


def test_what_one_environment_keeps_another_finds(new: NewEnvironment) -> None:
    new().put(ORDER)

    other = new()

    assert other.get("a") == ORDER
    assert other.get("b") is None
    stats = other.stats()
    assert (stats.hits, stats.misses, stats.rejected, stats.faults) == (1, 1, 0, 0)
    assert (stats.hit_ratio, stats.circuit) == (0.5, "closed")


def test_many_orders_are_found_at_once_in_any_number(new: NewEnvironment) -> None:
    orders = {uid: encoded(uid, "x" * 10_000) for uid in map(str, range(200))}
    environment = new()
    environment.put_all([order for uid, order in orders.items() if uid != "7"])

    found = environment.get_all(list(orders))

    assert {order.order_uid: order for order in found} == {
        uid: order for uid, order in orders.items() if uid != "7"
    }


def test_the_newest_are_told_for_a_moment(url: str, new: NewEnvironment) -> None:
    new().put_newest(100, ["b", "a"])

    assert new().newest(100) == ["b", "a"]
    assert new().newest(50) == []
    (keys,) = ask(url, [b"DBSIZE"])
    (seconds,) = ask(url, [b"TTL", KEY.replace(b"order:a", b"newest:100")])
    assert keys == 1
    assert isinstance(seconds, int)
    assert 0 < seconds <= NEWEST_SECONDS


def test_an_order_has_a_life(url: str, new: NewEnvironment) -> None:
    new().put(ORDER)

    (seconds,) = ask(url, [b"TTL", KEY])

    assert isinstance(seconds, int)
    assert 0 < seconds <= 100


def test_stages_of_other_databases_do_not_see_each_other_s_orders(new: NewEnvironment) -> None:
    other = new(database="db.example:5432/staging")
    other.put(EncodedOrder("a", '{"of":"staging"}', "e" * 64))
    other.put_newest(100, ["z"])

    environment = new()

    assert environment.get("a") is None
    assert environment.newest(100) == []


RUBBISH = {
    "rubbish": setting(KEY, b"rubbish"),
    "bytes that are not UTF-8": setting(KEY, b"\xff\xfe\x00\r\n$3\r\nabc\r\n"),
    "a part of it": setting(KEY, SEALED[:-1]),
    "more than it": setting(KEY, SEALED + b"\n"),
    "other JSON": setting(KEY, json.dumps({"order_uid": "a"}).encode()),
    "another order": setting(KEY, seal_order(key_of("b"), encoded("b"))),
    "an order of another stage": setting(KEY, seal_order(key_of("a", "elsewhere"), ORDER)),
    "100 MB": (b"SETRANGE", KEY, b"%d" % (100 * 2**20), b"huge"),
    "the largest value": (b"SETRANGE", KEY, b"%d" % (LARGEST_VALUE - 1), b"x"),
    "a list": (b"RPUSH", KEY, b"a", b"list"),
    "a hash": (b"HSET", KEY, b"a", b"hash"),
}


@pytest.mark.parametrize("found", RUBBISH.values(), ids=list(RUBBISH))
def test_what_is_not_the_order_is_rejected_and_replaced(
    url: str, new: NewEnvironment, found: Command
) -> None:
    ask(url, [b"CONFIG", b"SET", b"maxmemory", b"0"], found)
    environment = new()

    assert environment.get("a") is None
    stats = environment.stats()
    assert (stats.rejected, stats.faults, stats.circuit) == (1, 0, "closed")

    environment.put(ORDER)
    assert environment.get("a") == ORDER


def test_a_list_of_the_newest_that_is_none_is_rejected(url: str, new: NewEnvironment) -> None:
    ask(url, setting(KEY.replace(b"order:a", b"newest:100"), b"a\nb"))
    environment = new()

    assert environment.newest(100) == []
    assert environment.stats().rejected == 1


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ("", "NOAUTH"),
        (":wrong@", "WRONGPASS"),
        ("reader:wrong@", "WRONGPASS"),
        (":secret@", ""),
        ("reader:s%40cret@", ""),
        ("poor:poor@", "NOPERM"),
    ],
)
def test_who_logs_in_may_read(url: str, new: NewEnvironment, login: str, reason: str) -> None:
    new().put(ORDER)
    ask(
        url,
        [b"ACL", b"SETUSER", b"reader", b"on", b">s@cret", b"~serverless-orders:*", b"+@all"],
        [b"ACL", b"SETUSER", b"poor", b"on", b">poor", b"~elsewhere:*", b"+@all"],
        [b"CONFIG", b"SET", b"requirepass", b"secret"],
    )
    environment = new(url.replace("//", f"//{login}"))

    found = environment.get("a")

    assert found == (None if reason else ORDER)
    assert environment.stats().circuit == ("open" if reason else "closed")
    assert [report.partition(" ")[0] for report in environment.reports] == [reason][: bool(reason)]


def test_a_database_has_its_own_orders(url: str, new: NewEnvironment) -> None:
    new(f"{url}/3").put(ORDER)

    assert new().get("a") is None
    assert new(f"{url}/3").get("a") == ORDER


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (
            [
                [b"CONFIG", b"SET", b"maxmemory-policy", b"noeviction"],
                [b"CONFIG", b"SET", b"maxmemory", b"1"],
            ],
            "OOM",
        ),
        ([[b"REPLICAOF", b"127.0.0.1", b"1"]], "READONLY"),
    ],
    ids=["full", "replica"],
)
def test_a_server_that_keeps_nothing_is_still_read_from(
    url: str, new: NewEnvironment, trouble: list[Command], reason: str
) -> None:
    environment = new()
    environment.put(ORDER)
    ask(url, *trouble)

    for uid in "bcd":
        environment.put(encoded(uid))

    assert environment.get("a") == ORDER
    assert environment.get("b") is None
    stats = environment.stats()
    assert (stats.faults, stats.circuit) == (3, "closed")
    (report,) = environment.reports
    assert report.startswith(f"it keeps nothing: {reason}")


def test_a_server_that_has_room_again_is_told_of_when_it_has_none_again(
    url: str, new: NewEnvironment
) -> None:
    environment = new()
    for limit in (b"1", b"64mb", b"1"):
        ask(
            url,
            [b"CONFIG", b"SET", b"maxmemory-policy", b"noeviction"],
            [b"CONFIG", b"SET", b"maxmemory", limit],
        )
        environment.put(ORDER)

    assert len(environment.reports) == 2


def test_a_server_that_was_restarted_is_found_again_without_a_fault(
    server: CacheServer, new: NewEnvironment
) -> None:
    environment = new()
    environment.put(ORDER)
    server.stop()
    server.start()

    assert environment.get("a") is None
    environment.put(ORDER)

    assert environment.get("a") == ORDER
    assert environment.stats().faults == 0


def test_a_connection_that_the_server_closed_is_replaced_without_a_fault(
    url: str, new: NewEnvironment
) -> None:
    environment = new()
    environment.put(ORDER)
    ask(url, [b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes"])

    assert environment.get("a") == ORDER
    assert environment.stats().faults == 0


def test_a_server_that_is_killed_is_left_alone_and_used_again_when_it_is_back(
    server: CacheServer, new: NewEnvironment
) -> None:
    clock = Clock()
    environment = new(clock=clock)
    environment.put(ORDER)
    server.stop()

    answers = [environment.get("a") for _ in range(5)]

    assert answers == [None] * 5
    stats = environment.stats()
    assert (stats.faults, stats.skipped, stats.circuit) == (1, 4, "open")

    server.start()
    clock.now += 1
    environment.put(ORDER)
    assert environment.get("a") == ORDER
    assert environment.stats().circuit == "closed"


def test_a_server_that_is_paused_costs_one_look_up_its_budget(
    server: CacheServer, new: NewEnvironment
) -> None:
    new().put(ORDER)
    environment = new(budget=PATIENT._replace(one=BUDGET.one))
    server.send_signal(signal.SIGSTOP)
    try:
        answers = [environment.get("a") for _ in range(5)]
        environment.put(encoded("b"))
    finally:
        server.send_signal(signal.SIGCONT)

    assert answers == [None] * 5
    stats = environment.stats()
    assert (stats.faults, stats.skipped, stats.circuit) == (1, 4, "open")
    assert environment.reports == ["no answer in time"]


# Clusters, as ElastiCache Serverless is one


@pytest.fixture
def cluster() -> Iterator[str]:
    """Give a node of a cluster that serves no slot yet."""
    options = {
        "cluster-enabled": "yes",
        "cluster-port": str(free_port()),
        "cluster-require-full-coverage": "no",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    with running_cache(options=arguments) as server:
        yield server.url


@pytest.fixture
def environment(cluster: str) -> Iterator[Environment]:
    with environments(cluster) as new:
        yield new()


def serve_slots(url: str, last: int) -> None:
    ask(url, [b"CLUSTER", b"ADDSLOTSRANGE", b"0", b"%d" % last])
    wait_until(
        lambda: b"cluster_state:ok" in cast("bytes", ask(url, [b"CLUSTER", b"INFO"])[0]),
        "the cluster to be ready",
    )


def test_a_cluster_behind_one_address_serves_orders_of_all_its_slots(
    cluster: str, environment: Environment
) -> None:
    serve_slots(cluster, 16383)
    orders = [encoded(str(number)) for number in range(20)]

    environment.put_all(orders)

    assert environment.get_all([order.order_uid for order in orders]) == orders
    refused = ask(cluster, [b"MGET", key_of("1"), key_of("2")])
    assert str(refused[0]).startswith("CROSSSLOT")  # hence no MGET


def test_a_cluster_of_several_addresses_is_a_fault(cluster: str, environment: Environment) -> None:
    serve_slots(cluster, 0)

    assert environment.get("a") is None
    assert environment.stats().circuit == "open"
    assert environment.reports[0].startswith("CLUSTERDOWN")
