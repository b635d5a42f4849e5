"""Redriving and discarding many records."""

import json
from dataclasses import replace

import pytest

from devstack.errors import UserError
from orders.errors import StoreUnavailableError
from orders.quarantine import DISCARDED, MOST_ATTEMPTS, OPEN, REDRIVEN
from orders.settlement import Outcome
from tests.unit.orders.made import sample
from tests.unit.quarantine.fakes import InMemoryQuarantine, run, store_of

GOOD = sample()
BAD = sample(locale=None)


def states(store: InMemoryQuarantine) -> list[str]:
    return [one.state for _, one in sorted(store.records.items())]


def test_what_the_rules_accept_now_is_stored_by_the_operator(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = store_of(GOOD, GOOD)

    status = run(store, "redrive", "1", "2")

    assert status == 0
    assert store.tried == [(1, Outcome.STORED, None, "cli:ann"), (2, "duplicate", None, "cli:ann")]
    assert capsys.readouterr().out.splitlines() == [
        "tried 2 records again",
        "  stored: 1",
        "  duplicates: 1",
        "  still refused: 0",
    ]


def test_one_that_is_refused_again_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    store = store_of(GOOD, BAD)

    status = run(store, "redrive", "--all", "--json")

    assert status == 1
    assert json.loads(capsys.readouterr().out) == {
        "dry_run": False,
        "stored": 1,
        "duplicates": 0,
        "refused": 1,
        "refused_by_code": {"wrong_type": 1},
        "passed_over": 0,
        "settled_before": 0,
    }


def test_the_loop_guard_holds_until_it_is_forced(capsys: pytest.CaptureFixture[str]) -> None:
    store = store_of(GOOD)
    store.records[1] = replace(store.records[1], attempts=MOST_ATTEMPTS)

    held = run(store, "redrive", "1")
    told = capsys.readouterr().out
    forced = run(store, "redrive", "1", "--force")

    assert (held, forced) == (1, 0)
    assert "passed over: 1 (tried 5 times or more; --force tries them all the same)" in told
    assert states(store) == [REDRIVEN]


@pytest.mark.parametrize("action", [["redrive"], ["discard", "--reason", "tests"]])
def test_a_dry_run_tells_and_writes_nothing(
    action: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    store = store_of(GOOD)

    status = run(store, *action, "--all", "--dry-run")

    assert status == 0
    assert "1 record" in (told := capsys.readouterr().out)
    assert "nothing was written" in told
    assert (states(store), store.orders, store.tried) == ([OPEN], {}, [])


def test_records_are_discarded_with_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    store = store_of(BAD, BAD, b"order 7")

    status = run(store, "discard", "--code", "wrong_type", "--reason", "load test of June")

    assert status == 0
    assert capsys.readouterr().out == "discarded 2 records: load test of June\n"
    assert states(store) == [DISCARDED, DISCARDED, OPEN]
    assert store.records[1].settled_by == "cli:ann"


@pytest.mark.parametrize("action", [["redrive"], ["discard", "--reason", "r"]])
def test_a_named_record_that_is_settled_stays_so_and_is_no_success(
    action: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    store = store_of(GOOD, GOOD)
    store.records[1] = replace(store.records[1], state=DISCARDED, reason="before")

    status = run(store, *action, "1", "2")

    assert status == 1
    assert "record 1 is discarded already; it stays so" in capsys.readouterr().err
    assert store.records[1].reason == "before"
    assert store.records[2].state != OPEN


@pytest.mark.parametrize("action", [["redrive"], ["discard", "--reason", "r"]])
def test_one_id_that_is_not_there_leaves_all_others_alone(action: list[str]) -> None:
    store = store_of(GOOD)

    with pytest.raises(UserError, match="there is no quarantined record 9"):
        run(store, *action, "1", "9")

    assert states(store) == [OPEN]


def test_a_database_that_goes_away_meanwhile_is_told_with_how_far_it_was(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = store_of(*[GOOD] * 1500)
    store.transactions_left = 1

    with pytest.raises(StoreUnavailableError):
        run(store, "redrive", "--all")

    told = capsys.readouterr().err
    assert "stopped after 1000 of 1500 records; what is done stays done" in told
