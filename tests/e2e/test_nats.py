"""A stack that reads NATS instead of Kafka: everything that a person does with one is the same."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from devstack.samples import GENERATED
from tests.e2e.stack import Stack, running_stack
from tests.e2e.test_many_orders import settled, totals
from tests.servers import wait_until


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack(SOURCE="nats") as running:
        yield running


def test_nothing_of_kafka_is_there_and_nothing_speaks_of_it(stack: Stack) -> None:
    status = json.loads(stack.command("status", "--json").stdout)

    assert status["up"] is True
    assert set(status["components"]) == {"postgres", "nats", "aws", "front", "mapping"}
    assert "NATS           127.0.0.1:" in stack.log()
    assert "kafka" not in (stack.log() + stack.command("status").stdout).lower()


def test_the_samples_came_through_the_stream(stack: Stack) -> None:
    assert f"sending {GENERATED + 1} sample orders through the stream orders" in stack.log()
    assert stack.sql("SELECT min(record_offset) FROM orders WHERE topic = 'nats:orders'") == [[1]]


def test_the_demo_follows_its_records_through_the_stream(stack: Stack) -> None:
    done = stack.command("demo")

    assert done.returncode == 0, done.stderr
    assert "into the stream orders" in done.stdout
    assert "6. Its look-up: 200" in done.stdout
    assert "kafka" not in done.stdout.lower()


def test_every_record_has_its_fate_though_the_server_was_killed_while_they_were_produced(
    stack: Stack,
) -> None:
    before = totals(stack)
    words = ("produce", "--count=3000", "--rate=1000", "--bad-rate=0.1", "--seed=91000", "--json")
    with stack.start_command(*words, output=subprocess.PIPE) as producing:
        wait_until(lambda: settled(stack, before, 500), "the first of them")
        os.kill(stack.pid("nats"), signal.SIGKILL)
        told, _ = producing.communicate(timeout=60)

    assert producing.returncode == 0
    summary = json.loads(told)
    assert (summary["topic"], summary["produced"], summary["valid"]) == ("nats:orders", 3000, 2700)
    assert "tombstone" not in summary["bad"]
    wait_until(lambda: settled(stack, before, 3000), "the source to bring them in")
    after = totals(stack)
    assert {name: after[name] - before[name] for name in ("stored", "quarantined", "offsets")} == {
        "stored": 2700,
        "quarantined": 300,
        "offsets": 3000,
    }


def test_what_the_source_has_brought_in_is_all_duplicates_in_a_replay(stack: Stack) -> None:
    before = totals(stack)
    produced = stack.produce(count=100, bad_rate=0.2, seed=92_000)
    wait_until(lambda: settled(stack, before, 100), "the source to bring them in")
    before = totals(stack)

    done = stack.command("replay", "stream", "--json")

    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["stored"], summary["failed"]) == (0, 0)
    assert summary["duplicates"] >= produced["valid"]
    assert summary["quarantined"] >= sum(produced["bad"].values())
    assert totals(stack) == before


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("replay", "topic"), "the running stack reads nats: `replay stream`"),
        (("produce", "--to", "kafka"), "the running stack reads nats; leave --to out"),
    ],
)
def test_what_is_only_kafka_s_is_told_in_one_line(
    stack: Stack, command: tuple[str, ...], reason: str
) -> None:
    done = stack.command(*command)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert reason in done.stderr
