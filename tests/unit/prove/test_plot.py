"""A proof is drawn, the same way again and again, and nowhere else than asked."""

from pathlib import Path

import pytest

from devstack.prove.faults import FAULTS
from devstack.prove.report import plot
from devstack.prove.report.throughput import MOST_BINS, throughput
from devstack.prove.watching import Sample
from tests.unit.prove.made import proof


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_a_proof_is_drawn_twice_the_same(tmp_path: Path) -> None:
    first = plot.write(proof(), tmp_path)
    drawn = first[0].read_bytes()

    second = plot.write(proof(), tmp_path)

    assert first == second == [tmp_path / "proof.svg", tmp_path / "proof.png"]
    assert second[0].read_bytes() == drawn
    assert second[1].read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "home").exists()


def test_a_proof_without_faults_or_samples_is_drawn(tmp_path: Path) -> None:
    svg, _ = plot.write(proof(hits=(), samples=()), tmp_path)

    assert svg.exists()


def test_what_draws_is_installed_where_tests_run() -> None:
    assert plot.available()


def test_every_fault_but_those_of_the_whole_has_a_part() -> None:
    whole = {name for name in FAULTS if plot.part(name) == "whole"}

    assert whole == {"clock-jumped", "front-killed", "stack-killed"}


def test_throughput_is_what_was_done_between_whole_seconds() -> None:
    samples = [Sample(1.0, 10, 4, {}), Sample(2.0, 20, 4, {}), Sample(4.0, 20, 20, {})]

    found = throughput(samples, 3.5)

    assert found.edges == [0, 1, 2, 3, 4]
    assert found.produced == [10, 10, 0, 0]
    assert found.settled == [4, 0, 8, 8]
    assert found.waiting == [0, 6, 16, 8, 0]


def test_a_long_proof_has_longer_bins() -> None:
    found = throughput([Sample(5000.0, 5000, 5000, {})], 5000.0)

    assert len(found.produced) <= MOST_BINS
    assert found.settled[:-1] == pytest.approx([1.0] * (len(found.settled) - 1))
