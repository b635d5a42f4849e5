"""The command line of the proof."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from devstack.commands import prove
from devstack.errors import UserError
from devstack.prove.faults import FAULTS
from devstack.settings import Settings, Source

KAFKA, NATS = (Settings({"SOURCE": source}, Path("home")) for source in Source)


def parsed(*arguments: str) -> Namespace:
    parser = ArgumentParser()
    prove.add_arguments(parser)
    return parser.parse_args(arguments)


def test_every_fault_is_named_and_told_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--help")

    told = capsys.readouterr().out
    assert all(name in told and fault.what in told for name, fault in FAULTS.items())
    assert "joins the consumer group, works, and leaves in order or by SIGKILL (only kafka)" in told


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
    wishes = prove.wishes(parsed(*arguments), KAFKA)

    assert (wishes.orders, wishes.rounds) == (orders, rounds)


def test_a_seed_is_drawn_anew_unless_it_is_given() -> None:
    seeds = {prove.wishes(parsed(), KAFKA).seed for _ in range(5)}

    assert len(seeds) > 1
    assert prove.wishes(parsed("--seed=0"), KAFKA).seed == 0


@pytest.mark.parametrize("settings", [KAFKA, NATS])
def test_orders_come_from_where_the_settings_say_unless_it_is_chosen(settings: Settings) -> None:
    assert prove.wishes(parsed(), settings).source is settings.source
    assert prove.wishes(parsed("--source=nats"), settings).source is Source.NATS


@pytest.mark.parametrize(
    ("settings", "own", "other"),
    [(KAFKA, "mapping-joined", "consumer-deleted"), (NATS, "consumer-deleted", "mapping-joined")],
)
def test_what_only_another_source_can_suffer_does_not_come(
    settings: Settings, own: str, other: str
) -> None:
    names = {fault.name for fault in prove.wishes(parsed(), settings).faults}

    assert own in names
    assert names == FAULTS.keys() - {other}
    with pytest.raises(UserError, match=f"{other} is no fault of {settings.source}: "):
        prove.wishes(parsed("--faults", other), settings)
