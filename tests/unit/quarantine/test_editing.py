import json
from argparse import ArgumentTypeError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.quarantine.editing import NotEditableError, Removal, edited, removal, setting
from tests.unit.orders import made

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def apply(document: object, *edits: str) -> Any:  # noqa: ANN401 - JSON
    """Apply edits, `-/a` standing for --remove /a."""
    value = json.dumps(document).encode()
    parsed = [removal(edit[1:]) if edit[0] == "-" else setting(edit) for edit in edits]
    return json.loads(edited(value, parsed))


@pytest.mark.parametrize(
    ("document", "edits", "expected"),
    [
        ({"a": 1}, ["/a=2"], {"a": 2}),
        ({"a": 1}, ['/b="x=y"'], {"a": 1, "b": "x=y"}),
        ({"a": {"b": [1, 2]}}, ["/a/b/1=3"], {"a": {"b": [1, 3]}}),
        ({"a": [1]}, ["/a/-=2", "/a/2=3"], {"a": [1, 2, 3]}),
        ({"a/b": 1, "m~n": 2, "": 3}, ["/a~1b=4", "/m~0n=5", "/=6"], {"a/b": 4, "m~n": 5, "": 6}),
        ({"a": 1}, ["={}"], {}),
        ({"a": 1, "b": 2}, ["-/a"], {"b": 2}),
        ({"a": [1, 2]}, ["-/a/0"], {"a": [2]}),
        ({"a": 1}, ["-/b", "-/a/b/c", "-/b/c"], {"a": 1}),
        ({"a": [1]}, ["-/a/7", "-/a/01", "-/a/x"], {"a": [1]}),
        ({}, ["/a={}", "/a/b=1"], {"a": {"b": 1}}),
    ],
)
def test_a_place_named_by_a_json_pointer_is_set_or_emptied(
    document: object, edits: list[str], expected: object
) -> None:
    assert apply(document, *edits) == expected


@pytest.mark.parametrize(
    ("document", "edit", "reason"),
    [
        ({"a": 1}, "/b/c=1", "there is no /b to set something in"),
        ({"a": 1}, "/a/b=1", "/a/b is no place"),
        ({"a": [1]}, "/a/2=1", "/a/2 is no place"),
        ({"a": [1]}, "/a/00=1", "/a/00 is no place"),
    ],
)
def test_a_place_that_is_not_there_is_told(document: object, edit: str, reason: str) -> None:
    with pytest.raises(NotEditableError, match=reason):
        apply(document, edit)


@pytest.mark.parametrize(
    ("read", "text", "reason"),
    [
        (setting, "/a", "/a is not POINTER=JSON"),
        (setting, "/a=USD", """for a text write --set '/a="USD"'"""),
        (setting, "a=1", "a is no JSON pointer"),
        (setting, "/~2=1", "/~2 is no JSON pointer"),
        (removal, "", "the whole document cannot be removed"),
        (removal, "items[0]", r"items\[0\] is no JSON pointer"),
    ],
)
def test_what_cannot_be_an_edit_is_refused_with_the_way_out(
    read: Any,  # noqa: ANN401 - either reader
    text: str,
    reason: str,
) -> None:
    with pytest.raises(ArgumentTypeError, match=reason):
        read(text)


@given(made.orders())
def test_all_that_is_not_named_stays_as_it_was(order: dict[str, Any]) -> None:
    changed = apply(order, "/payment/amount=7", "-/items/0/brand", "/coupon=null")

    assert changed["payment"].pop("amount") == 7
    assert changed.pop("coupon", "gone") is None
    del order["payment"]["amount"], order["items"][0]["brand"]
    assert changed == order


@given(JSON)
def test_an_edit_that_changes_nothing_gives_back_the_very_bytes(document: object) -> None:
    value = json.dumps(document, indent=3).encode()

    assert edited(value, [Removal(("no such place",))]) == value


def test_one_true_and_a_fraction_are_three_values() -> None:
    value = b'{"a": 1.0}'

    assert edited(value, [setting("/a=1")]) == b'{"a":1}'
    assert edited(b'{"a": 1}', [setting("/a=true")]) == b'{"a":true}'


def test_a_key_that_stands_twice_is_cleared_by_naming_it_alone() -> None:
    value = b'{"a":1,"b":{"c":1,"c":2}}'

    assert edited(value, [setting("/b/c=2")]) == b'{"a":1,"b":{"c":2}}'
    assert edited(value, [setting("/b={}")]) == b'{"a":1,"b":{}}'
    with pytest.raises(NotEditableError, match="c stands more than once"):
        edited(value, [setting("/a=2")])


@pytest.mark.parametrize("value", [None, b"", b"order 7", b"\xcf\xb8", b"[" * 100_000, b"1" * 5000])
def test_what_cannot_be_read_is_not_edited(value: bytes | None) -> None:
    with pytest.raises(NotEditableError, match="give a whole document with --file"):
        edited(value, [setting("/a=1")])


@pytest.mark.parametrize("depth", range(500, 1_100, 25))
def test_however_deep_a_document_is_it_is_not_what_fails(depth: int) -> None:
    with pytest.raises(NotEditableError):
        edited(b"[" * depth + b"]" * depth, [setting("/a=1")])


def test_half_a_character_elsewhere_stays_what_it_is() -> None:
    value = b'{"a":"\\ud83d","b":1}'

    assert json.loads(edited(value, [setting("/b=2")])) == {"a": "\ud83d", "b": 2}
