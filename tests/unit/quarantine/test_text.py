import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.quarantine.text import cut, hexadecimal, indented, one_line, printable, readable
from tests.unit.orders import made
from tests.unit.quarantine.test_editing import JSON

BLANKS = re.compile(r"\s")


@given(JSON)
def test_json_is_laid_out_as_python_does_it(document: object) -> None:
    assert indented(json.dumps(document)) == json.dumps(document, indent=2)


@given(made.orders())
def test_laying_out_moves_blanks_and_nothing_else(order: object) -> None:
    text = json.dumps(order, ensure_ascii=False)

    assert BLANKS.sub("", indented(text)) == BLANKS.sub("", text)


def test_what_a_reader_would_drop_is_still_to_be_seen() -> None:
    text = '{"a":1,"a":1.10,"b":NaN,"c":1e400,"d":"\\u0041"}'

    assert BLANKS.sub("", indented(text)) == text


@pytest.mark.parametrize("text", ["order 7 is ready", '{"a":', "[" * 100_000, ""])
def test_what_is_no_json_is_left_alone(text: str) -> None:
    assert indented(text) == text


@given(st.binary(max_size=40) | st.text(st.characters(max_codepoint=0x2070)).map(str.encode))
def test_nothing_that_is_shown_drives_the_terminal(value: bytes) -> None:
    shown = readable(value)

    kinds = {unicodedata.category(character) for character in shown if character not in "\n\t"}
    assert kinds.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})


def test_a_colour_and_a_turned_writing_are_written_out() -> None:
    assert printable("a\x1b[31m\u202eb\ud83d") == "a\\u001b[31m\\u202eb\\ud83d"
    assert one_line("a\nb\tc") == "a\\nb\\tc"


def test_bytes_are_dumped_with_the_letters_among_them() -> None:
    assert hexadecimal(b"\xffab") == f"00000000  {'ff 61 62':<48} .ab"
    assert hexadecimal(bytes(257)).endswith("\n… 1 more bytes; --raw writes them all")


def test_a_long_text_says_that_it_is_cut() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "abc\n… 1 more characters"
