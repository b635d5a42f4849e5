"""A fixed thousand histories hold; `make simulate` plays as many others as there is time for."""

import pytest

from tests.simulation.history import play
from tests.simulation.script import Script

HISTORIES = 1_000
A_TEST = 100


@pytest.mark.parametrize("first", range(0, HISTORIES, A_TEST))
def test_every_record_of_every_history_has_its_one_fate(first: int) -> None:
    histories = (play(Script(seed)) for seed in range(first, first + A_TEST))

    failed = {history.script.seed: str(history.fault) for history in histories if history.fault}

    assert not failed, "python -m tests.simulation --histories 1 --seed … tells it, made short"


def test_the_same_seed_tells_the_same_history() -> None:
    first, second = (play(Script(7), tell=True) for _ in range(2))

    assert first.lines == second.lines
    assert len(first.lines) > 50


def test_the_moves_of_a_seed_play_its_history_again() -> None:
    drawn = play(Script(7), tell=True)

    again = play(Script.of_json(Script(7, drawn.moves).as_json()), tell=True)

    assert again.lines == drawn.lines
    assert again.moves == drawn.moves


def test_the_histories_are_rich() -> None:
    told = "\n".join(line for seed in range(100) for line in play(Script(seed), tell=True).lines)

    missing = [words for words in _TOLD if words not in told]

    assert not missing


_TOLD = (
    *("is killed", "is fenced", "is missed", "leaves", "lost its partitions, and joins anew"),
    *("is throttled", "is lost", "Runtime.ExitError", "Sandbox.Timedout", "a replay delivers"),
    *("waits for a row", "the server makes the commit of a client that is gone"),
    *("answers: done but for", "the database goes away", "the broker goes away", "the wall clock"),
    *("RetryAttemptsExhausted", "RecordAgeExceeded", "MaximumPayloadSizeExceeded", "AccessDenied"),
    *("taken, and its sender is told that it failed", "takes nothing"),
)
