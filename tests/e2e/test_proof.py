"""The proof: nothing is lost under faults, and what loses orders is found."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from devstack import leftovers
from devstack.prove.faults import FAULTS
from devstack.settings import Source
from tests.servers import ROOT, temporary_folder

SABOTEURS = Path(__file__).parent / "saboteurs"
PATIENCE_SECONDS = 300
NO_LIMIT_SECONDS = 120
"""A test does not judge how fast this machine is."""

TOPICS: Mapping[Source, str] = {Source.KAFKA: "orders", Source.NATS: "nats:orders"}
FAULTS_THAT_REVEAL: Mapping[str, str] = {
    "acknowledges_first": "--faults=function-killed-before-commit",
    "swallows_errors": "--faults=disk-filled",
    "skips_the_rest": "--rounds=0",
}


class Proved(NamedTuple):
    status: int
    report: Mapping[str, Any]
    progress: str
    home: Path


def prove(home: Path, *arguments: str) -> Proved:
    command = [sys.executable, "-m", "devstack", "prove", "--json", "--quick", *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "DEVSTACK_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.stdout, done.stderr
    return Proved(done.returncode, json.loads(done.stdout), done.stderr, home / "prove")


@pytest.fixture
def home() -> Iterator[Path]:
    with temporary_folder() as folder:
        try:
            yield folder
        finally:
            leftovers.end(folder / "prove" / "stack")


@pytest.mark.parametrize("source", Source)
def test_under_every_fault_each_record_finds_its_fate_once(home: Path, source: Source) -> None:
    proved = prove(
        home, "--seed=20251121", f"--source={source}", f"--recover-within={NO_LIMIT_SECONDS}"
    )

    assert proved.status == 0, proved.report["reasons"]
    ledger = proved.report["ledger"]
    assert ledger["topic"] == TOPICS[source]
    fates = ("stored", "duplicates", "conflicts", "quarantined")
    assert ledger["produced"] == sum(ledger[fate] for fate in fates) == 3000
    hit = {one["fault"] for one in proved.report["hits"] if not one["missed"]}
    # On a slow machine the records may be at their end before the faults are.
    assert len(hit) > len(FAULTS) / 2, proved.progress
    assert proved.report["reads"]["counts"]["200"] > 100
    assert {file.name for file in proved.home.glob("proof.*")} == {
        *("proof.json", "proof.png", "proof.svg")
    }


@pytest.mark.parametrize(
    ("saboteur", "source"),
    [*product(FAULTS_THAT_REVEAL, [Source.KAFKA]), ("acknowledges_first", Source.NATS)],
)
def test_a_handler_that_loses_orders_is_found_and_they_are_named(
    home: Path, saboteur: str, source: Source
) -> None:
    proved = prove(
        home,
        *("--seed=1", "--orders=600", "--rate=200", "--recover-within=1", f"--source={source}"),
        f"--handler={SABOTEURS / saboteur}",
        FAULTS_THAT_REVEAL[saboteur],
    )

    assert proved.status == 1
    lost = [one for one in proved.report["ledger"]["off"] if one["defect"] == "lost"]
    assert lost
    assert all(one["order_uid"] and one["offset"] is not None for one in lost)
