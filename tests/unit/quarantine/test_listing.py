import json

import pytest

from devstack.errors import UserError
from tests.unit.orders.made import sample
from tests.unit.quarantine.fakes import run, store_of

COUPON = sample(coupon="SPRING")


def test_the_newest_come_first_with_the_reason_and_how_many_there_are_by_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = store_of(COUPON, b"order 7", COUPON)

    status = run(store, "list", "--limit", "2")

    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert lines[1].split()[:4] == [
        "3",
        "2026-11-21T12:00:00Z",
        "orders-0@3",
        "b563feb7b2b84b6test",
    ]
    assert "coupon is no field of an order" in lines[1]
    assert lines[2].split()[0] == "2"
    assert lines[3] == "… and 1 more; --limit N shows more of them, --code … fewer"
    assert [line.split() for line in lines[6:]] == [
        ["unknown_field", "2"],
        ["not_json", "1"],
        ["together", "3"],
    ]


def test_a_program_reads_one_record_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    run(store_of(COUPON, b"order 7"), "list", "--json", "--limit", "1")

    (record,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (record["id"], record["code"], record["offset"]) == (2, "not_json", 2)


def test_a_program_reads_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    run(store_of(COUPON, b"order 7", COUPON), "list", "--by-code", "--json")

    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"code": "unknown_field", "records": 2},
        {"code": "not_json", "records": 1},
    ]


def test_more_records_than_a_page_holds_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    run(store_of(*[b"order 7"] * 120), "list", "--json", "--limit", "110")

    ids = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert ids == list(range(120, 10, -1))


def test_that_there_is_none_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    status = run(store_of(), "list", "--code", "bad_format")

    assert (status, capsys.readouterr().out) == (0, "no record is selected\n")


def test_a_name_that_drives_the_terminal_is_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    run(store_of(sample(**{"\x1b[2J": 1})), "list")

    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\\u001b[2J is no field" in told


def test_an_id_that_is_not_there_is_told() -> None:
    with pytest.raises(UserError, match="there is no quarantined record 9"):
        run(store_of(COUPON), "list", "1", "9")
