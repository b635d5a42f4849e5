"""The faults of a proof, before any of them strikes."""

import random
import re

import pytest

from devstack.prove.faults import FAULTS, Fault
from devstack.prove.faults.whole import LEAST_JUMP_SECONDS, MOST_JUMP_SECONDS, jump

KINDS = 25


def test_every_fault_stands_under_a_name_of_its_own_that_a_command_line_can_take() -> None:
    assert len(FAULTS) == KINDS  # two of one name would be one
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", name) for name in FAULTS)
    assert all(fault.name == name for name, fault in FAULTS.items())


def test_every_fault_is_told_in_one_line_that_is_its_own() -> None:
    told = [fault.what for fault in FAULTS.values()]

    assert len(set(told)) == len(told)
    assert all(0 < len(what) <= 100 and "\n" not in what for what in told)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_lasts_no_longer_than_a_proof_can_wait(fault: Fault) -> None:
    least, most = fault.seconds

    assert 0 <= least <= most <= 10


def test_the_same_draw_lets_the_clock_jump_as_far_again() -> None:
    draws = [random.Random(7) for _ in range(2)]  # noqa: S311 - repeatable

    assert len({jump(draw) for draw in draws}) == 1


def test_the_clock_jumps_either_way_by_minutes_to_days() -> None:
    draw = random.Random(7)  # noqa: S311 - repeatable
    jumps = [jump(draw) for _ in range(200)]

    assert min(jumps) < 0 < max(jumps)
    assert all(LEAST_JUMP_SECONDS <= abs(one) <= MOST_JUMP_SECONDS for one in jumps)
