"""A JSON pointer is found on its line, however the text is written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.validate.lines import children, end_of, line_of
from orders.paths import pointer

TEXT = """
{
  "a": 1,
  "b": {"c": [10,
    20,
    {"d":
      null}]},
  "e/f~g": "\\u0022",
  "a": 99999,
  "n\\u0000": []
}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 2),
        ("/a", 9),
        ("/b", 4),
        ("/b/c/0", 4),
        ("/b/c/1", 5),
        ("/b/c/2/d", 6),
        ("/b/c/2/missing", 6),
        ("/b/c/3", 4),
        ("/b/missing/deeper", 4),
        ("/missing", 2),
        ("/a/0", 9),
        ("/e~1f~0g", 8),
        ("/n\\u0000", 10),
    ],
)
def test_a_pointer_is_on_the_line_of_its_key_or_of_its_nearest_parent(path: str, line: int) -> None:
    assert line_of(TEXT, path) == line


def test_a_number_of_any_length_is_passed_over() -> None:
    assert line_of('{"a":' + "9" * 5000 + ',\n"b":NaN}', "/b") == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab \\"\n{}[],:ё', max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text('ab/~"\n', max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, st.sampled_from([None, 1]))
def test_the_children_of_a_value_are_where_the_reader_finds_them(
    value: object, indent: int | None
) -> None:
    text = json.dumps(value, indent=indent)

    found = {child.name: json.loads(text[child.value : child.end]) for child in children(text, 0)}

    if isinstance(value, dict):
        assert found == {pointer((key,))[1:]: entry for key, entry in value.items()}
    elif isinstance(value, list):
        assert list(found.values()) == value
    else:
        assert found == {}
    assert end_of(text, 0) == len(text)
