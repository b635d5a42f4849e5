from datetime import UTC, datetime

import pytest

from devstack.errors import UserError
from devstack.quarantine import selection
from orders.quarantine import Selection
from tests.unit.quarantine.fakes import parse


def test_what_is_open_is_listed_unless_a_state_is_given() -> None:
    states = [
        selection.to_look_at(parse("list", *options)).state
        for options in ([], ["--state", "discarded"], ["--state", "all"])
    ]

    assert states == ["open", "discarded", None]


def test_a_record_that_is_named_is_listed_whatever_its_state() -> None:
    chosen = selection.to_look_at(parse("list", "7"))

    assert chosen == Selection(state=None, ids=(7,))


def test_all_that_is_given_narrows_the_selection() -> None:
    chosen = selection.to_act_on(
        parse(
            *("redrive", "7", "8", "7", "--code", "bad_format", "--topic", "orders"),
            *("--since", "2026-11-21", "--until", "2026-11-21T12:00:00+03:00"),
            *("--text", "Пётр", "--order-uid", "b563feb7b2b84b6test"),
        )
    )

    assert chosen == Selection(
        ids=(7, 8),
        code="bad_format",
        topic="orders",
        since=datetime(2026, 11, 21, tzinfo=UTC),
        until=datetime(2026, 11, 21, 9, tzinfo=UTC),
        text="Пётр",
        order_uid="b563feb7b2b84b6test",
    )


@pytest.mark.parametrize("action", [["redrive"], ["discard", "--reason", "r"], ["fix"]])
def test_nobody_changes_everything_by_leaving_something_out(action: list[str]) -> None:
    with pytest.raises(UserError, match="name ids, or select with --code … or --all"):
        selection.to_act_on(parse(*action))

    assert selection.to_act_on(parse(*action, "--all")) == Selection()


def test_everything_and_a_part_of_it_is_a_contradiction() -> None:
    with pytest.raises(UserError, match="--all means every open record"):
        selection.to_act_on(parse("redrive", "--all", "--code", "bad_format"))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["redrive", "--code", ""], "it is empty"),
        (["redrive", "--text", "\udcff"], "it is not UTF-8"),
        (["redrive", "--since", "yesterday"], "yesterday is no time"),
        (["redrive", "--until", "9999999999999999999"], "is no time"),
        (["redrive", "0"], "0 is not the id of a record"),
        (["redrive", str(2**63)], "is not the id of a record"),
        (["show", "--raw", "--json", "1"], "not allowed with argument"),
        (["discard", "--all"], "required: --reason"),
        (["discard", "--all", "--reason", " "], "it is empty"),
        (["list", "--limit", "0"], "0 is not a whole number over 0"),
        (["list", "--state", "shut"], "invalid choice: 'shut'"),
        ([], "required: ACTION"),
    ],
)
def test_an_impossible_option_is_refused_with_what_was_expected(
    options: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(*options)

    assert expected in capsys.readouterr().err
