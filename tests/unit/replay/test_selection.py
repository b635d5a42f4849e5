import pytest

from devstack.errors import UserError
from devstack.replay.selection import Selection, milliseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00Z", 1_769_860_800_000),
        ("2026-01-31T12:00:00", 1_769_860_800_000),
        ("2026-01-31T13:00:00.25+01:00", 1_769_860_800_250),
        ("2026-01-31", 1_769_817_600_000),
        ("1769860800", 1_769_860_800_000),
        ("1769860800.25", 1_769_860_800_250),
        ("1769860800250", 1_769_860_800_250),
    ],
)
def test_a_time_is_iso_8601_or_seconds_or_milliseconds(text: str, expected: int) -> None:
    assert milliseconds(text) == expected


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01", "nan"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        milliseconds(text)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), (10, 20)),
        (Selection((0, 3)), (10, 20)),
        (Selection((4,)), (10, 10)),
        (Selection((3,), from_offset=12), (12, 20)),
        (Selection((3,), to_offset=12), (10, 13)),
        (Selection((3,), from_offset=5, to_offset=50), (10, 20)),
        (Selection((3,), from_offset=12, to_offset=11), (12, 12)),
        (Selection((3,), from_offset=30), (30, 30)),
    ],
)
def test_offsets_cut_what_partition_three_holds_both_ends_included(
    selection: Selection, expected: tuple[int, int]
) -> None:
    assert selection.cut(3, 10, 20) == expected


def test_times_include_the_first_moment_and_exclude_the_last() -> None:
    selection = Selection(from_ms=10, to_ms=20)

    assert [moment for moment in (9, 10, 19, 20) if selection.takes(moment)] == [10, 19]


@pytest.mark.parametrize("partitions", [(), (0, 1)])
def test_offsets_without_their_one_partition_are_refused(partitions: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="exactly one --partition"):
        Selection(partitions, to_offset=5)
