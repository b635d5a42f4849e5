"""The ledger's ranges are written as PostgreSQL reads them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orders.literals import multirange


def test_runs_of_offsets_are_joined() -> None:
    assert multirange([]) == "{}"
    assert multirange([5]) == "{[5,6)}"
    assert multirange([9, 1, 3, 2, 2]) == "{[1,4),[9,10)}"


@given(st.sets(st.integers(0, 60)))
def test_a_multirange_holds_the_offsets_and_no_others(offsets: set[int]) -> None:
    text = multirange(offsets).strip("{}")

    runs = [tuple(map(int, run.strip("[)").split(","))) for run in text.split("),") if run]
    assert {offset for first, end in runs for offset in range(first, end)} == offsets
    assert all(end < start for (_, end), (start, _) in pairwise(runs))
