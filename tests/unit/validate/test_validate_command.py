"""A producer learns before sending what ingestion would refuse, and on which line it stands."""

import io
import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devstack.commands import validate
from devstack.errors import UserError
from devstack.settings import Settings
from tests.unit.orders.made import ORDER_UID, sample

Validate = Callable[..., tuple[int, list[str], str]]

GOOD = json.dumps(sample())
OTHER = json.dumps(sample(locale="xx"))
BAD = json.dumps(sample(payment__amount="x"))
WRONG_TOTAL = json.dumps(sample(payment__amount=1))
OF_BROKEN = (
    "The value is not JSON at line 1, column 2: Expecting property name enclosed in double quotes."
    " (not_json)"
)
OF_CONFLICT = (
    f"order_uid {ORDER_UID} stands at a.jsonl:1 with different content, and orders never change;"
    " give a new order a new order_uid."
)
OF_BAD = "/payment/amount: payment.amount must be a whole number, not a text. (wrong_type)"


@pytest.fixture
def checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Validate:
    """Run the command in a folder of its own; give status, lines and the summary."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, settings: dict[str, str] | None = None) -> tuple[int, list[str], str]:
        parser = ArgumentParser()
        validate.add_arguments(parser)
        status = validate.run(parser.parse_args(arguments), Settings(settings or {}, tmp_path))
        told = capsys.readouterr()
        return status, told.out.splitlines(), told.err

    return run


def write(name: str, text: str | bytes) -> str:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def test_files_without_fault_are_passed_in_silence(checked: Validate) -> None:
    write("a.json", GOOD)
    write("b.jsonl", "")

    assert checked("a.json", "b.jsonl") == (0, [], "1 order, 0 with faults\n")


def test_each_fault_of_json_lines_is_on_the_line_of_its_record(checked: Validate) -> None:
    write("orders.jsonl", f"{GOOD}\n\n{BAD}\r\n{{\n{BAD}")

    assert checked("orders.jsonl") == (
        1,
        [
            f"orders.jsonl:3: {OF_BAD}",
            f"orders.jsonl:4: {OF_BROKEN}",
            f"orders.jsonl:5: {OF_BAD}",
        ],
        "4 orders, 3 with faults\n",
    )


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson"])
def test_a_first_line_that_is_broken_does_not_hide_the_others(checked: Validate, name: str) -> None:
    write(name, f"{{\n{BAD}\n")

    _, lines, _ = checked(name)

    assert [line.partition(": ")[0] for line in lines] == [f"{name}:1", f"{name}:2"]


@pytest.mark.parametrize("name", ["a.json", "a"])
def test_json_lines_are_known_by_their_first_line_too(checked: Validate, name: str) -> None:
    write(name, f"\n{GOOD}\n[]\n")

    _, lines, summary = checked(name)

    assert lines == [f"{name}:3: The order must be an object, not an array. (wrong_type)"]
    assert summary == "2 orders, 1 with faults\n"


def test_each_fault_of_a_document_is_on_the_line_where_it_lies(checked: Validate) -> None:
    order: dict[str, Any] = sample(payment__amount="x", coupon=1)
    del order["items"][0]["rid"]
    text = json.dumps(order, indent=2)
    write("one.json", text)

    _, lines, _ = checked("one.json")

    item = line_of(text, '"chrt_id"') - 1  # of a missing field: where its object begins
    assert [one.split(": ")[:2] for one in lines] == [
        [f"one.json:{line_of(text, 'amount')}", "/payment/amount"],
        [f"one.json:{item}", "/items/0/rid"],
        [f"one.json:{line_of(text, 'coupon')}", "/coupon"],
    ]


def test_the_faults_of_an_order_are_told_from_top_to_bottom(checked: Validate) -> None:
    order = dict(reversed(sample(locale=1, oof_shard=2, coupon=3).items()))
    write("a.json", json.dumps(order, indent=0))

    _, lines, _ = checked("a.json")

    assert [line.split(": ")[1] for line in lines] == ["/coupon", "/oof_shard", "/locale"]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_orders_of_an_array_are_checked_one_by_one(checked: Validate) -> None:
    write("many.json", f" [\n{GOOD},\n\n{BAD} ,\n7]\n")

    assert checked("many.json") == (
        1,
        [
            f"many.json:4: {OF_BAD}",
            "many.json:5: The order must be an object, not a number. (wrong_type)",
        ],
        "3 orders, 2 with faults\n",
    )


@pytest.mark.parametrize("text", ["[]", "[ ]\n", "", "\n \n"])
def test_where_there_is_no_order_there_is_no_fault(checked: Validate, text: str) -> None:
    write("empty.json", text)

    assert checked("empty.json") == (0, [], "0 orders, 0 with faults\n")


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        (f"[\n{GOOD},\n{GOOD[:50]}", 3, "not_json"),
        (f"[\n{GOOD}\n{GOOD}]", 3, "not_json"),
        (f"[\n{GOOD},\n]", 3, "not_json"),
        (f"[\n{GOOD}\n]\n]", 4, "not_json"),
        (f"[\n{GOOD},\n" + "[" * 100_000, 2, "too_deep"),
        (json.dumps(sample(), indent=1)[:30], 2, "not_json"),
        (json.dumps(sample(), indent=1).replace("Test", "Т", 1).encode("cp1251"), 6, "not_utf8"),
    ],
)
def test_a_broken_document_is_told_where_it_breaks(
    checked: Validate, text: str | bytes, line: int, code: str
) -> None:
    write("broken.json", text)

    _, lines, _ = checked("broken.json")

    assert len(lines) == 1
    assert lines[0].startswith(f"broken.json:{line}: ")
    assert lines[0].endswith(f"({code})")


def test_what_the_notation_hides_is_told_too(checked: Validate) -> None:
    pretty = json.dumps(sample(), indent=1)
    write("twice.json", b"\xef\xbb\xbf" + pretty.replace("\n}", ',\n "locale": "x"\n}').encode())

    _, lines, _ = checked("twice.json")

    last = pretty.count("\n") + 1
    assert lines == [f"twice.json:{last}: /locale: locale stands more than once. (duplicate_key)"]


def test_an_id_that_stands_twice_is_a_conflict_unless_the_content_is_the_same(
    checked: Validate,
) -> None:
    write("a.jsonl", f"{GOOD}\n{json.dumps(json.loads(GOOD), indent=None)}\n")
    write("b.json", json.dumps(json.loads(OTHER), indent=1))

    assert checked("a.jsonl", "b.json") == (
        1,
        [f"b.json:2: /order_uid: {OF_CONFLICT} (conflict)"],
        "3 orders, 1 with faults, 1 duplicate\n",
    )


@pytest.mark.parametrize(
    ("options", "setting", "status"),
    [
        ([], "", 0),
        ([], "True", 1),
        (["--strict-totals"], "", 1),
        (["--no-strict-totals"], "true", 0),
    ],
)
def test_totals_are_as_strict_as_the_setting_unless_the_option_says_otherwise(
    checked: Validate, options: list[str], setting: str, status: int
) -> None:
    write("a.json", WRONG_TOTAL)

    done = checked("a.json", *options, settings={"STRICT_TOTALS": setting})

    assert done[0] == status


def test_a_program_reads_a_faulty_order_on_each_line(checked: Validate) -> None:
    write("a.jsonl", f"{GOOD}\n{BAD}\n")

    _, lines, _ = checked("a.jsonl", "--json")

    assert [json.loads(line) for line in lines] == [
        {
            "file": "a.jsonl",
            "line": 2,
            "order_uid": ORDER_UID,
            "faults": [
                {
                    "line": 2,
                    "path": "/payment/amount",
                    "code": "wrong_type",
                    "sentence": "payment.amount must be a whole number, not a text.",
                    "value": '"x"',
                }
            ],
        }
    ]


def test_a_russian_reads_russian(checked: Validate) -> None:
    write("a.jsonl", f"{GOOD}\n{GOOD}\n{BAD}\n")

    _, lines, summary = checked("a.jsonl", "--language", "ru")

    sentence = "payment.amount: ожидается целое число, получено: строка."
    assert lines == [f"a.jsonl:3: /payment/amount: {sentence} (wrong_type)"]
    assert summary == "заказов: 3, с ошибками: 1, повторов: 1\n"


def test_standard_input_is_a_file_too(checked: Validate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{GOOD}\n{BAD}".encode())))

    assert checked("-")[1] == [f"<stdin>:2: {OF_BAD}"]


def test_a_name_of_a_field_cannot_break_the_line_nor_command_the_terminal(
    checked: Validate,
) -> None:
    write("a.json", json.dumps(sample(**{"a\n\x1b[31mb": 1})))

    _, lines, _ = checked("a.json")

    assert lines[0].startswith(r"a.json:1: /a\n\x1b[31mb: ")


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_cannot_be_read_is_one_clear_error(checked: Validate, name: str) -> None:
    with pytest.raises(UserError, match="; give files that can be read"):
        checked(name)
