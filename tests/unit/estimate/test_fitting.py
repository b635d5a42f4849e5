"""The line through figures of batches of several sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fitting import line

SIZES = (1, 10, 100, 1000, 2000)
figures = st.floats(0.001, 1000)


@given(figures, figures)
def test_a_line_is_found_again(fixed: float, each: float) -> None:
    found = line(SIZES, [fixed + each * size for size in SIZES])

    assert [f + found[1] * s for f, s in zip([found[0]] * len(SIZES), SIZES, strict=True)] == (
        pytest.approx([fixed + each * size for size in SIZES])
    )


@given(st.lists(figures, min_size=5, max_size=5))
def test_nothing_is_ever_negative(noise: list[float]) -> None:
    fixed, each = line(SIZES, noise)

    assert fixed >= 0
    assert each >= 0


def test_a_batch_of_one_counts_as_much_as_one_of_thousands() -> None:
    # Twice too slow at both ends of a line of 10 + 1 × size.
    fixed, each = line((1, 1000, 2000), (22, 1010, 4020))

    assert 10 < fixed < 22
    assert 1 < each < 2


def test_what_was_never_used_costs_nothing() -> None:
    assert line(SIZES, [0.0] * len(SIZES)) == (0.0, 0.0)
