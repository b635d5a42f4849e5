"""Runs of offsets say what sets of them say."""

from hypothesis import given
from hypothesis import strategies as st

from devstack.prove.verdict.offsets import has, runs, text, without

offsets = st.sets(st.integers(0, 20))


@given(some=offsets, others=offsets)
def test_what_is_without_others_is_the_difference(some: set[int], others: set[int]) -> None:
    left = list(without(runs(some), runs(others)))

    assert left == runs(some - others)


@given(some=offsets, offset=st.integers(0, 20))
def test_a_run_has_what_it_was_made_of(some: set[int], offset: int) -> None:
    assert has(runs(some), offset) == (offset in some)


def test_a_run_is_named_by_its_first_and_last_offset() -> None:
    assert [*map(text, runs([7, 9, 10, 11]))] == ["7", "9…11"]
