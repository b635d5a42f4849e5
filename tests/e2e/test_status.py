"""What `status` shows of a running stack."""

import json
import signal
import subprocess
from typing import Any

from devstack import mappings
from tests.e2e.stack import Stack
from tests.servers import temporary_folder, wait_until

MAPPING = "OrdersTopicMapping"


def mapping(stack: Stack) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(stack.command("status", "--json").stdout)["mappings"][MAPPING]
    return told


def test_status_shows_the_mapping_with_its_counts_and_no_lag(stack: Stack) -> None:
    before = mapping(stack)["metrics"]["PolledEventCount"]

    stack.produce(count=20, bad_rate=0)
    wait_until(lambda: mapping(stack)["metrics"]["CommittedEventCount"] >= before + 20, "the count")
    wait_until(
        lambda: mapping(stack)["lag"]["SumOffsetLag"] == 0, "the lag, which is read once a second"
    )
    shown = mapping(stack)

    assert (shown["state"], shown["lastProcessingResult"]) == ("Enabled", "OK")
    assert shown["metrics"]["PolledEventCount"] >= before + 20
    assert shown["lag"]["SumOffsetLag"] == shown["lag"]["OffsetLag"] == 0
    assert len(shown["lag"]["partitions"]) == 3
    words = stack.command("status").stdout
    assert f"{MAPPING}: Enabled, 1 poller" in words
    assert "MaxOffsetLag" in words


def test_watching_tells_it_again_every_second_until_ctrl_c(stack: Stack) -> None:
    with stack.start_command("status", "--json", "--watch", output=subprocess.PIPE) as watching:
        assert watching.stdout is not None
        lines = [json.loads(watching.stdout.readline()) for _ in range(3)]
        watching.send_signal(signal.SIGINT)
        status = watching.wait(10)

    assert status == 0
    assert all(line["mappings"][MAPPING]["state"] == "Enabled" for line in lines)


def test_choices_of_the_mapping_are_read_from_the_settings(stack: Stack) -> None:
    configuration = json.loads((stack.home / "run" / "event_source_mapping.json").read_text())

    assert configuration["choices"] == {}
    assert configuration["status_file"] == str(mappings.file_of(stack.home))


def test_a_choice_that_there_is_not_is_told_in_one_line() -> None:
    with temporary_folder() as home:
        done = Stack(home, MAPPING_CHOICES="tombstone=gone").command("up")

        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "MAPPING_CHOICES: tombstone=gone is not one of" in done.stderr
