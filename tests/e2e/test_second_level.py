"""A stack with a cache of its own: what environments share outlives them, and is not needed."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.stack import Stack, running_stack
from tests.servers import wait_until


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack(SOURCE="nats", CACHE="valkey") as running:
        yield running


def second_level(stack: Stack) -> dict[str, Any]:
    stats: dict[str, Any] = stack.request("/cache/stats").json["second_level"]
    return stats


def stored(stack: Stack) -> str:
    """Store an order and return its id."""
    uid: str = stack.produce(count=1)["order_uids"][0]
    wait_until(lambda: stack.request(f"/order/{uid}").status == 200, "the order to be read")
    return uid


def restarted(stack: Stack, component: str) -> None:
    """Kill a component and wait until it has been restarted."""
    killed = stack.pid(component)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: stack.is_running_again(component, killed), f"{component} to be restarted")


def test_a_new_environment_finds_in_the_cache_what_one_before_it_looked_up(stack: Stack) -> None:
    uid = stored(stack)

    restarted(stack, "front")

    answer = stack.request(f"/order/{uid}")
    assert answer.headers["X-Cache"] in {"HIT-L1", "HIT-L2"}
    assert second_level(stack)["hits"] > 0


def test_a_cache_that_has_lost_everything_is_filled_again(stack: Stack) -> None:
    uid = stored(stack)

    restarted(stack, "valkey")

    assert stack.request(f"/order/{uid}").status == 200
    assert stack.request("/order/of-nobody").status == 404
    restarted(stack, "front")  # which fills it
    assert second_level(stack)["hits"] == 0
    restarted(stack, "front")  # which reads what the one before has left
    assert second_level(stack)["hits"] > 0
