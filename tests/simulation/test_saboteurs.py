"""The simulation can fail: whoever breaks a promise is noticed, and soon."""

import pytest

from tests.simulation.history import History, play
from tests.simulation.rules import Rule
from tests.simulation.saboteurs import SABOTEURS
from tests.simulation.script import Script
from tests.simulation.shrinking import shrink
from tests.simulation.world import Parts

MOST_HISTORIES = 100


def first_failed(parts: Parts) -> History:
    histories = (play(Script(seed), parts) for seed in range(MOST_HISTORIES))
    return next(history for history in histories if history.fault)


@pytest.mark.parametrize("name", SABOTEURS)
def test_a_saboteur_is_noticed_within_a_hundred_histories(name: str) -> None:
    assert first_failed(SABOTEURS[name]).rule


def test_a_history_that_fails_is_made_short_and_fails_again_by_the_same_rule() -> None:
    parts = SABOTEURS["acknowledges_before_its_commit"]
    whole = first_failed(parts)

    shorter = shrink(whole, parts)

    assert whole.rule == shorter.rule == Rule.COMMITS
    assert len(shorter.script.records or ()) <= 3
    assert len(shorter.script.moves or ()) <= 5
    again = play(Script.of_json(shorter.script.as_json()), parts, tell=True)
    assert again.lines == shorter.lines
    assert str(again.fault) == str(shorter.fault)
