"""Many records, some of them bad: each has exactly one fate."""

import os
import signal
import time
from contextlib import suppress

import psutil
import pytest

from tests.e2e.stack import Stack
from tests.servers import wait_until

TOTALS = """
SELECT (SELECT count(*) FROM orders),
       (SELECT count(*) FROM quarantined_records),
       (SELECT coalesce(sum(duplicates), 0) FROM ingested_offsets)::bigint,
       (SELECT coalesce(sum(upper(run) - lower(run)), 0)
        FROM ingested_offsets, unnest(offsets) AS run)::bigint
"""
GAPS = """
SELECT topic, partition, int8multirange(range_merge(offsets)) - offsets FROM ingested_offsets
WHERE int8multirange(range_merge(offsets)) <> offsets
"""
OUTAGE_SECONDS = 4


def totals(stack: Stack) -> dict[str, int]:
    stored, quarantined, duplicates, offsets = stack.sql(TOTALS)[0]
    return {
        "stored": stored,
        "quarantined": quarantined,
        "duplicates": duplicates,
        "offsets": offsets,
    }


def settled(stack: Stack, before: dict[str, int], produced: int) -> bool:
    return totals(stack)["offsets"] - before["offsets"] >= produced


def test_ten_thousand_records_are_all_accounted_for(stack: Stack) -> None:
    before = totals(stack)

    summary = stack.produce(count=10_000, bad_rate=0.05, seed=20_000)
    wait_until(lambda: settled(stack, before, 10_000), "every offset to be in the ledger")

    after = {name: number - before[name] for name, number in totals(stack).items()}
    assert after == {
        "stored": summary["valid"],
        "quarantined": sum(summary["bad"].values()),
        "duplicates": 0,
        "offsets": 10_000,
    }
    assert stack.sql(GAPS) == []


def test_every_bad_record_has_a_reason_that_names_where(stack: Stack) -> None:
    before = totals(stack)
    summary = stack.produce(count=60, bad_rate=1, seed=30_000)
    wait_until(lambda: settled(stack, before, 60), "every offset to be in the ledger")

    rows = stack.sql(
        "SELECT code, faults, value IS NULL FROM quarantined_records ORDER BY id DESC LIMIT 60"
    )

    assert sum(summary["bad"].values()) == 60
    assert len(summary["bad"]) >= 12
    for code, faults, _ in rows:
        assert faults
        assert faults[0]["code"] == code
        assert all({"path", "code", "sentence"} <= fault.keys() for fault in faults)


def test_the_same_records_again_change_nothing_but_the_count_of_duplicates(stack: Stack) -> None:
    before = totals(stack)
    stack.produce(count=50, seed=40_000)
    wait_until(lambda: settled(stack, before, 50), "the first delivery")

    stack.produce(count=50, seed=40_000)
    wait_until(lambda: settled(stack, before, 100), "the second delivery")

    after = totals(stack)
    assert after["stored"] - before["stored"] == 50
    assert after["duplicates"] - before["duplicates"] == 50


def test_an_outage_of_the_database_loses_nothing(stack: Stack) -> None:
    cached = stack.produce(count=1)["order_uids"][0]
    wait_until(lambda: stack.request(f"/order/{cached}").status == 200, "the order to be read")
    before = totals(stack)
    servers = database_processes(stack)

    send(servers, signal.SIGSTOP)
    try:
        began = time.monotonic()
        stack.produce(count=500, bad_rate=0.1, seed=50_000)
        hit, missed = stack.request(f"/order/{cached}"), stack.request("/order/not-cached")
        wait_until(lambda: time.monotonic() - began > OUTAGE_SECONDS, "the outage to last")
    finally:
        send(servers, signal.SIGCONT)
    wait_until(lambda: settled(stack, before, 500), "the backlog to be worked off")

    assert (hit.status, hit.headers["X-Cache"]) == (200, "HIT")
    assert (missed.status, missed.json["code"]) == (503, "store_unavailable")
    assert int(missed.headers["Retry-After"]) > 0
    after = totals(stack)
    assert after["offsets"] - before["offsets"] == 500
    assert after["stored"] - before["stored"] == 450
    assert stack.request("/order/not-cached").status == 404


@pytest.mark.parametrize("component", ["postgres", "front"])
def test_a_killed_component_comes_back_and_nothing_is_lost(stack: Stack, component: str) -> None:
    before = totals(stack)
    killed = stack.pid(component)

    os.kill(killed, signal.SIGKILL)
    stack.produce(count=500)
    wait_until(lambda: stack.is_running_again(component, killed), f"{component} to be restarted")
    wait_until(lambda: settled(stack, before, 500), "the backlog to be worked off")

    assert totals(stack)["stored"] - before["stored"] == 500
    assert stack.sql(GAPS) == []
    assert stack.request("/health").status == 200


def test_a_killed_mapping_goes_on_where_its_commits_ended(stack: Stack) -> None:
    before = totals(stack)
    killed = stack.pid("mapping")

    stack.produce(count=2000, seed=70_000)
    os.kill(killed, signal.SIGKILL)
    stack.produce(count=100, seed=71_000)
    wait_until(lambda: settled(stack, before, 2100), "the backlog to be worked off")

    after = totals(stack)
    assert after["stored"] - before["stored"] == 2100
    assert after["duplicates"] == before["duplicates"]


def send(processes: list[psutil.Process], what: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a worker that had just finished
            process.send_signal(what)


def database_processes(stack: Stack) -> list[psutil.Process]:
    postmaster = psutil.Process(stack.pid("postgres"))
    return [postmaster, *postmaster.children(recursive=True)]
