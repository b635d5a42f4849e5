"""The command tells of a history that fails, and how to play it again."""

import json

import pytest

from tests.simulation.__main__ import main

SEED = 11
"""Its first poll sends a batch."""


def test_histories_that_hold_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--histories", "3", "--seed", "5", "--jobs", "1"]) == 0

    assert capsys.readouterr().out.startswith("3 histories in ")


def test_one_history_is_told_event_by_event(capsys: pytest.CaptureFixture[str]) -> None:
    script = json.dumps({"seed": SEED, "moves": "poll:0:0 run:0:0 kill_function:0:0"})

    assert main(["--replay", script]) == 0

    told = capsys.readouterr().out
    assert "poller 0 sends orders-0[" in told
    assert "invocation 1 ends: Runtime.ExitError" in told
    assert f"--replay '{json.dumps({'seed': SEED})[:-1]}" in told


def test_a_history_that_does_not_hold_is_told_short_with_a_way_to_play_it_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    saboteur = ["--saboteur", "acknowledges_before_its_commit"]

    assert main([*saboteur, "--jobs", "1"]) == 1

    told = capsys.readouterr().out
    assert "no commit passes a record without a fate" in told
    *_, again = told.splitlines()
    assert main([*saboteur, "--replay", again.partition("--replay ")[2].strip("'")]) == 1
    assert capsys.readouterr().out == told.partition("\n\n")[2]
