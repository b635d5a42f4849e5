import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devstack.errors import UserError
from devstack.quarantine import correction
from devstack.quarantine.desk import Desk
from devstack.quarantine.fixed import Fixed, Outcome
from orders import validation
from orders.errors import StoreUnavailableError
from orders.quarantine import DISCARDED, OPEN, REDRIVEN
from tests.unit.orders.made import sample
from tests.unit.quarantine.fakes import InMemoryQuarantine, run, store_of

GOOD = sample()
LOWER_CASE = sample(payment__currency="usd")


def outcomes(told: str) -> dict[int, str]:
    lines = map(json.loads, told.splitlines())
    return {line["id"]: line["outcome"] for line in lines}


def document_of(store: InMemoryQuarantine) -> Any:  # noqa: ANN401 - JSON
    ((_, _, document, _),) = store.tried
    return json.loads(document or b"")


# With --set and --remove


def test_a_field_is_set_and_the_record_redriven(capsys: pytest.CaptureFixture[str]) -> None:
    store = store_of(LOWER_CASE)

    status = run(store, "fix", "1", "--set", '/payment/currency="USD"')

    assert status == 0
    assert capsys.readouterr().out == (
        "record 1 is redriven: order b563feb7b2b84b6test is stored\n"
    )
    assert document_of(store) == GOOD
    assert store.records[1].record.value == json.dumps(LOWER_CASE).encode()


def test_what_is_still_wrong_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    store = store_of(sample(payment__currency="usd", coupon=1))

    status = run(store, "fix", "1", "--set", '/payment/currency="USD"')

    assert status == 1
    assert "/coupon  unknown_field" in capsys.readouterr().out
    assert store.records[1].state == OPEN


def test_a_selection_is_corrected_record_by_record(capsys: pytest.CaptureFixture[str]) -> None:
    store = store_of(
        sample(order_uid="one", payment__currency="usd"),
        sample(order_uid="two", payment__currency="usd", delivery__phone=1),
        sample(order_uid="three", date_created="today"),
        sample(order_uid="four", payment="cash"),
    )
    store.records[4] = replace(store.records[4], faults=store.records[3].faults)

    status = run(store, "fix", "--code", "bad_format", "--set", '/payment/currency="USD"', "--json")

    assert status == 1
    assert outcomes(capsys.readouterr().out) == {1: "stored", 3: "unchanged", 4: "not_editable"}


def test_a_person_reads_of_many_in_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    store = store_of(LOWER_CASE, sample(payment__currency="usd", coupon=1), b"order 7")

    run(store, "fix", "1", "2", "3", "--set", '/payment/currency="USD"')

    told = capsys.readouterr().out
    assert "tried to correct 3 records" in told
    assert "  stored: 1" in told
    assert "  still refused: 1\n    unknown_field: 1" in told
    assert "  cannot be corrected this way: 1\n    its value cannot be read as JSON" in told


def test_a_dry_run_only_holds_the_documents_to_the_rules(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = store_of(LOWER_CASE, sample(payment__currency="usd", coupon=1))

    status = run(store, "fix", "--all", "--set", '/payment/currency="USD"', "--dry-run", "--json")

    assert status == 1
    assert outcomes(capsys.readouterr().out) == {1: "accepted", 2: "refused"}
    assert (store.tried, store.orders) == ([], {})


def test_a_settled_record_is_not_corrected(capsys: pytest.CaptureFixture[str]) -> None:
    store = store_of(LOWER_CASE)
    store.records[1] = replace(store.records[1], state=DISCARDED)

    status = run(store, "fix", "1", "--set", '/payment/currency="USD"')

    assert status == 1
    assert "record 1 was not tried: it is discarded already" in capsys.readouterr().out
    with pytest.raises(UserError, match="record 1 is discarded already"):
        run(store, "fix", "1", "--file", "-")


# With a file


def test_a_document_comes_from_a_file(tmp_path: Path) -> None:
    store = store_of(b"order 7")
    file = tmp_path / "order.json"
    file.write_text(json.dumps(GOOD))

    assert run(store, "fix", "1", "--file", file) == 0

    assert document_of(store) == GOOD


def test_a_document_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(None)
    typed = io.TextIOWrapper(io.BytesIO(json.dumps(GOOD).encode()))
    monkeypatch.setattr(sys, "stdin", typed)

    assert run(store, "fix", "1", "--file", "-") == 0

    assert store.records[1].state == REDRIVEN


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["1", "2", "--file", "-"], "name one id"),
        (["--all"], "name one id"),
        (["1", "--file", "-", "--set", "/a=1"], "--file gives the whole document"),
        (["1", "--file", "/no/such/file"], "/no/such/file: No such file"),
        (["1"], "no editor is named; set VISUAL or EDITOR"),
    ],
)
def test_what_cannot_be_done_is_told_with_the_way_out(options: list[str], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        run(store_of(LOWER_CASE, LOWER_CASE), "fix", *options)


# In an editor


class Person:
    """Saves one text after the other (None: leaves the file as it is), and gives one answer."""

    def __init__(self, *texts: str | None, goes_on: bool = True) -> None:
        self._texts = list(texts)
        self._goes_on = goes_on
        self.saw: list[str] = []
        self.file = Path()
        self.was_asked = 0

    def edit(self, file: Path) -> None:
        self.file = file
        self.saw.append(file.read_text())
        text = self._texts.pop(0)
        if text is not None:
            file.write_text(text)

    def answer(self, question: str) -> bool:
        assert question
        self.was_asked += 1
        return self._goes_on


def by(person: Person, store: InMemoryQuarantine, *, alone: bool = False) -> Fixed:
    desk = Desk(store, "cli:ann", validation.judge)
    ask = None if alone else person.answer
    return correction.by_editor(desk, store.records[1], person.edit, ask, dry_run=False)


def test_a_person_reads_the_reasons_and_the_value_laid_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    person, store = Person(json.dumps(GOOD)), store_of(LOWER_CASE)

    fixed = by(person, store)

    assert fixed.outcome is Outcome.STORED
    assert "payment.currency must be three capital letters" in capsys.readouterr().err
    assert person.saw == [json.dumps(LOWER_CASE, indent=2) + "\n"]
    assert document_of(store) == GOOD
    assert not person.file.exists()


def test_a_person_edits_until_the_rules_find_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    person, store = Person("{", json.dumps(GOOD)), store_of(LOWER_CASE)

    fixed = by(person, store)

    assert (fixed.outcome, person.was_asked) == (Outcome.STORED, 1)
    assert "the rules still find:" in capsys.readouterr().err
    assert person.saw[1] == "{"


def test_a_person_who_has_enough_keeps_what_was_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    person, store = Person("{", goes_on=False), store_of(LOWER_CASE)

    fixed = by(person, store)

    assert (fixed.outcome, fixed.faults[0].code) == (Outcome.REFUSED, "not_json")
    assert store.tried == []
    assert f"what you wrote is kept: fix 1 --file {person.file}" in capsys.readouterr().err
    assert person.file.read_text() == "{"
    assert person.file.stat().st_mode & 0o777 == 0o600
    person.file.unlink()


def test_nobody_is_asked_where_nobody_is() -> None:
    person, store = Person("{"), store_of(LOWER_CASE)

    fixed = by(person, store, alone=True)

    assert (fixed.outcome, person.was_asked, store.tried) == (Outcome.REFUSED, 0, [])
    person.file.unlink()


def test_a_document_that_is_left_as_it_was_changes_nothing() -> None:
    person, store = Person(None), store_of(LOWER_CASE)

    fixed = by(person, store)

    assert (fixed.outcome, store.tried) == (Outcome.UNCHANGED, [])
    assert not person.file.exists()


def test_work_is_kept_when_the_database_is_away(capsys: pytest.CaptureFixture[str]) -> None:
    person, store = Person(json.dumps(GOOD)), store_of(LOWER_CASE)
    store.transactions_left = 0

    with pytest.raises(StoreUnavailableError):
        by(person, store)

    assert "what you wrote is kept" in capsys.readouterr().err
    person.file.unlink()


def test_bytes_that_are_no_text_can_be_put_right() -> None:
    person, store = Person(json.dumps(GOOD)), store_of(b'{"name": "\xcf\xe8"}')

    assert by(person, store).outcome is Outcome.STORED

    assert "�" in person.saw[0]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("", "no editor is named"),
        ("'", "VISUAL or EDITOR is no command"),
        ("/no/such/editor", "/no/such/editor cannot be started: No such file"),
        (f"{sys.executable} -c 'raise SystemExit(3)'", "ended with 3; nothing is done"),
        (f"{sys.executable} -c 'import os, sys; os.remove(sys.argv[1])'", "cannot be read"),
    ],
)
def test_an_editor_that_fails_is_told(command: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        run(store_of(LOWER_CASE), "fix", "1", editor=command)
