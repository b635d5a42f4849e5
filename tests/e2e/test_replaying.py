"""A replay brings records through the running stack again, and nothing of it is stored twice."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from devstack.producer.mix import bad_record, valid_record
from tests.e2e.stack import Stack
from tests.e2e.test_many_orders import settled, totals
from tests.servers import ROOT, wait_until

EVENTS = sorted((ROOT / "events").glob("kafka_*.json"))
BAD = ("truncated", "unknown_field", "null_field")


def replay(stack: Stack, *arguments: object) -> dict[str, Any]:
    done = stack.command("replay", *map(str, arguments), "--json")
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def fates(summary: dict[str, Any]) -> tuple[int, int, int, int]:
    stored, duplicates = summary["stored"], summary["duplicates"]
    return stored, duplicates, summary["quarantined"], summary["failed"]


def written(folder: Path, count: int, seed: int) -> Path:
    """Write orders and three bad records as JSON Lines."""
    records = [valid_record(seed, number) for number in range(count)]
    records += [bad_record(kind, seed, count) for kind in BAD]
    file = folder / "orders.jsonl"
    file.write_bytes(b"".join((record.value or b"") + b"\n" for record in records))
    return file


def test_json_lines_are_stored_or_quarantined_once_however_often_they_are_replayed(
    stack: Stack, tmp_path: Path
) -> None:
    file = written(tmp_path, count=2500, seed=81_000)
    before = totals(stack)

    first, second = replay(stack, "files", file), replay(stack, "files", file)

    assert fates(first) == (2500, 0, 3, 0)
    assert fates(second) == (0, 2500, 3, 0)
    after = totals(stack)
    assert after["stored"] - before["stored"] == 2500
    assert after["quarantined"] - before["quarantined"] == 3
    assert after["offsets"] - before["offsets"] == 2503


def test_every_sample_event_of_kafka_can_be_replayed(stack: Stack) -> None:
    summary = replay(stack, "files", *EVENTS)

    assert summary["sent"] == sum(fates(summary)) == 13


def test_what_the_mapping_has_brought_in_is_all_duplicates_in_a_replay_of_its_time(
    stack: Stack,
) -> None:
    began = datetime.now(UTC).isoformat()
    before = totals(stack)
    produced = stack.produce(count=300, bad_rate=0.1, seed=82_000)
    wait_until(lambda: settled(stack, before, 300), "the mapping to bring them in")
    before = totals(stack)

    summary = replay(stack, "topic", "--from-time", began)

    bad = sum(produced["bad"].values())
    assert fates(summary) == (0, produced["valid"], bad, 0)
    assert totals(stack) == before


def test_a_replay_that_was_killed_goes_on_and_every_order_is_stored_once(
    stack: Stack, tmp_path: Path
) -> None:
    file = written(tmp_path, count=600, seed=83_000)
    before = totals(stack)
    with stack.start_command("replay", "files", str(file), "--rate", "100") as process:
        # The second event is sent when the first one's place is written down.
        wait_until(lambda: totals(stack)["stored"] >= before["stored"] + 200, "two events")
        process.kill()

    resumed = replay(stack, "files", file)

    assert resumed["resumed"] is True
    assert (resumed["sent"], resumed["failed"]) == (603, 0)
    after = totals(stack)
    assert after["stored"] - before["stored"] == 600
    assert after["quarantined"] - before["quarantined"] == 3


@pytest.mark.parametrize("source", [("topic",), ("files", str(EVENTS[0]))])
def test_a_dry_run_changes_nothing(stack: Stack, source: tuple[str, ...]) -> None:
    before = totals(stack)

    summary = replay(stack, *source, "--dry-run")

    assert summary["records"] > 0
    assert totals(stack) == before
