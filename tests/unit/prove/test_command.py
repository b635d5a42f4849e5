"""The command line of the proof."""

from argparse import ArgumentParser, Namespace

import pytest

from devstack.commands import prove
from devstack.prove.faults import FAULTS


def parsed(*arguments: str) -> Namespace:
    parser = ArgumentParser()
    prove.add_arguments(parser)
    return parser.parse_args(arguments)


def test_every_fault_is_named_and_told_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--help")

    told = capsys.readouterr().out
    assert all(name in told and fault.what in told for name, fault in FAULTS.items())


def test_some_faults_can_be_chosen() -> None:
    chosen = parsed("--faults", "mapping-killed, broker-killed").faults

    assert [fault.name for fault in chosen] == ["mapping-killed", "broker-killed"]


def test_a_fault_that_there_is_not_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--faults", "mapping-killed,meteor")

    assert "there is no fault meteor" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "orders", "rounds"),
    [
        ((), prove.ORDERS, prove.ROUNDS),
        (("--quick",), prove.QUICK_ORDERS, prove.QUICK_ROUNDS),
        (("--quick", "--orders=50", "--rounds=0"), 50, 0),
    ],
)
def test_quick_changes_what_was_not_chosen(
    arguments: tuple[str, ...], orders: int, rounds: int
) -> None:
    wishes = prove.wishes(parsed(*arguments))

    assert (wishes.orders, wishes.rounds) == (orders, rounds)


def test_a_seed_is_drawn_anew_unless_it_is_given() -> None:
    seeds = {prove.wishes(parsed()).seed for _ in range(5)}

    assert len(seeds) > 1
    assert prove.wishes(parsed("--seed=0")).seed == 0
