"""The command, as a person types it."""

import json
from typing import Any

import pytest

from devstack.__main__ import main
from devstack.estimate import deployment

RATES = ("--orders-per-second", "100", "--lookups-per-second", "200", "--posts-per-second", "1")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["estimate", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_program_reads_the_figures_with_their_units(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, *RATES)

    assert found["event_poller_units"] == 1
    assert found["functions"]["IngestOrdersFunction"]["milliseconds_per_invocation"] > 0
    assert found["usd_per_month"] == pytest.approx(
        sum(line["usd_per_month"] for line in found["lines"])
    )
    assert {line["service"] for line in found["lines"]} >= {"Lambda", "MSK", "Aurora"}


def test_a_person_reads_what_is_needed_what_it_costs_and_what_was_assumed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert main(["estimate", *RATES]) == 0

    text = capsys.readouterr().out
    for expected in ("event poller unit", "database connections", "USD/M orders", "TOGETHER"):
        assert expected in text
    for expected in ("assumed: ", "measured: ", "prices: USD in us-east-1", "not in it: "):
        assert expected in text
    assert "…" not in text, "a column was cut off"


def test_nothing_asked_is_answered_too(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys)

    assert found["usd_per_million_orders"] is None
    assert found["usd_per_month"] > 0


def test_unless_told_otherwise_it_is_deployed_as_the_templates_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deployed = deployment.read()

    setup = told(capsys, *RATES)["setup"]

    assert setup["batch_size"] == deployed.mapping.batch_size
    assert setup["memory_mb"]["IngestOrdersFunction"] == deployed.memory_mb["IngestOrdersFunction"]
    assert setup["usual_partitions"] == deployed.partitions


def test_what_a_person_says_counts(capsys: pytest.CaptureFixture[str]) -> None:
    usual = told(capsys, *RATES)

    changed = told(capsys, *RATES, "--memory", "1769", "--window", "1", "--msk", "none")

    assert changed["setup"]["memory_mb"] == dict.fromkeys(usual["setup"]["memory_mb"], 1769)
    assert changed["orders_per_invocation"] > usual["orders_per_invocation"]
    assert "MSK" not in {line["service"] for line in changed["lines"]}


def test_the_extremes_are_answered(capsys: pytest.CaptureFixture[str]) -> None:
    most = [f"--{what}-per-second=1e6" for what in ("orders", "lookups", "posts")]
    slowest = ("--speed=0.01", "--memory=128", "--network-ms=1e4", "--headroom=100")

    found = told(capsys, *most, *slowest, "--order-bytes=1000000", "--batch-size=1", "--window=300")

    assert found["orders_per_invocation"] == 1
    assert found["usd_per_month"] < float("inf")


def test_too_few_partitions_are_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "--orders-per-second", "9000", "--partitions", "1"]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("devstack: --partitions 1 is too few for 9000 orders a second")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--orders-per-second", "-1"),
        ("--orders-per-second", "nan"),
        ("--lookups-per-second", "inf"),
        ("--hit-rate", "1.1"),
        ("--memory", "100"),
        ("--batch-size", "0"),
        ("--speed", "0"),
        ("--headroom", "0.5"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["estimate", *arguments])

    assert f"argument {arguments[0]}: " in capsys.readouterr().err
