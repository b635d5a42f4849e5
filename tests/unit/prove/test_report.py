"""What a person and a program are told of a proof."""

import json
from dataclasses import replace
from typing import Any

import pytest

from devstack.prove.report import summary
from devstack.prove.result import Defect, Finding
from tests.unit.prove.made import KILLED, LEDGER, MISSED, PAUSED, READS, many_hits, proof

LOST = Finding(Defect.LOST, "nothing came of it", 41, "b563feb7b2b84b6", "good", 1, 17)


def last_line(**changes: Any) -> str:  # noqa: ANN401 - fields of any type
    return summary.as_text(proof(**changes)).splitlines()[-1]


def test_a_proof_that_holds_says_so_in_its_last_line_with_all_totals() -> None:
    assert last_line() == (
        "PROVED: 100 produced = 95 stored + 2 duplicates + 1 conflicts + 2 quarantined;"
        " nothing lost, nothing twice; 2 faults, longest recovery 3.1 s; 50 reads, none wrong"
    )


def test_all_that_was_seen_is_told_in_sections() -> None:
    text = summary.as_text(proof())

    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[:-1] == [
        "seed 7: 100 records of orders, 5 a second; 21 s in all",
        "",
        "produced = stored + duplicates + conflicts + quarantined",
        "100 = 95 + 2 + 1 + 2",
        "",
        "at fault hit lasted work went on",
        "2.0 s function-killed-in-commit pid 4711 in COMMIT 0.1 s after 0.8 s",
        "6.0 s postgres-paused 7 processes 5.5 s after 3.1 s",
        "14.0 s connection-cut nothing came by 5.0 s missed",
        "",
        "50 reads (200: 40, 404: 8, 503: 2): p50 3.2 ms, p99 41.5 ms, 4.00% could not be answered",
        "",
    ]


def test_numbers_that_do_not_add_up_are_shown_as_such() -> None:
    ledger = replace(LEDGER, stored=94)

    text = summary.as_text(proof(ledger=ledger))

    assert "100       ≠  94      +  2" in text
    assert text.endswith("\nNOT PROVED: 100 produced, but 99 settled")


def test_a_lost_record_is_shown_by_all_of_its_names() -> None:
    ledger = replace(LEDGER, stored=94, off=[LOST], defects={Defect.LOST: 1})

    text = summary.as_text(proof(ledger=ledger))

    assert "41      b563feb7b2b84b6  good  orders-1@17  nothing came of it" in text
    assert text.endswith("\nNOT PROVED: 1 lost; 100 produced, but 99 settled")


def test_of_many_findings_the_first_are_shown_and_all_are_counted() -> None:
    ledger = replace(LEDGER, off=[LOST] * 50, defects={Defect.LOST: 1500, Defect.LEDGER: 2})

    text = summary.as_text(proof(ledger=ledger))

    assert text.count("b563feb7b2b84b6") == summary.FINDINGS_SHOWN
    assert "… and 1482 more" in text
    assert text.endswith("\nNOT PROVED: 1500 lost, 2 wrong in the ledger")


def test_findings_of_no_record_have_empty_cells() -> None:
    finding = Finding(Defect.COMMIT, "the group has committed nothing", partition=2)
    ledger = replace(LEDGER, off=[finding], defects={Defect.COMMIT: 1})

    assert "orders-2  the group has committed nothing\n" in summary.as_text(proof(ledger=ledger))


def test_what_came_from_outside_does_not_drive_the_terminal() -> None:
    ledger = replace(LEDGER, off=[replace(LOST, what="\x1b[2J")], defects={Defect.LOST: 1})

    assert "\x1b" not in summary.as_text(proof(ledger=ledger))


def test_many_faults_are_summed_up_by_name() -> None:
    hits = (*many_hits(["a-fault", "b-fault"], 30), KILLED)

    text = summary.as_text(proof(hits=hits))

    rows = [line.split() for line in text.splitlines()]
    assert ["fault", "hit", "missed", "longest", "recovery"] in rows
    assert ["function-killed-in-commit", "1", "0", "0.8", "s"] in rows


@pytest.mark.parametrize(
    ("hit", "told"),
    [
        (replace(PAUSED, recovery_seconds=None), "no work went on after postgres-paused at 6.0 s"),
        (
            replace(PAUSED, recovery_seconds=10.1),
            "10.1 s of recovery from postgres-paused at 6.0 s, over 10 s",
        ),
    ],
)
def test_a_recovery_that_takes_too_long_speaks_against_it(hit: Any, told: str) -> None:  # noqa: ANN401
    assert last_line(hits=[hit]) == f"NOT PROVED: {told}"


def test_a_fault_that_missed_speaks_for_nothing() -> None:
    assert "0 faults, longest recovery none;" in last_line(hits=[MISSED])


def test_wrong_answers_speak_against_it_and_are_shown() -> None:
    reads = replace(READS, counts={"200": 30, "violation": 20}, violations=["GET /order/x: 500"])

    text = summary.as_text(proof(reads=reads))

    assert "\nwrong: GET /order/x: 500\n" in text
    assert text.endswith("NOT PROVED: 20 wrong answers to readers, for instance: GET /order/x: 500")


def test_what_could_not_be_produced_speaks_against_it() -> None:
    assert last_line(producing_fault="no broker") == (
        "NOT PROVED: not everything was produced: no broker"
    )


def test_of_many_reasons_all_are_listed_and_the_last_line_stays_short() -> None:
    hits = [replace(PAUSED, recovery_seconds=11.0)] * 9

    text = summary.as_text(proof(hits=hits))

    assert text.count("\nagainst it: ") == 9
    assert text.endswith("; and 6 more")


def test_a_program_reads_all_of_it_on_one_line() -> None:
    ledger = replace(LEDGER, off=[LOST], defects={Defect.LOST: 7})

    line = summary.as_json(proof(ledger=ledger))

    told = json.loads(line)
    assert "\n" not in line
    assert told["holds"] is False
    assert told["reasons"] == ["7 lost"]
    assert told["ledger"]["findings"] == 7
    assert told["ledger"]["off"][0]["order_uid"] == "b563feb7b2b84b6"
    assert told["hits"][0]["fault"] == "function-killed-in-commit"
    assert told["reads"]["counts"]["503"] == 2
    assert len(told["samples"]) == 100
