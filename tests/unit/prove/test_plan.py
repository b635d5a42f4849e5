"""The plan of a proof: drawn from a seed, every fault once a round."""

from collections import Counter
from random import Random

import pytest

from devstack.prove.faults import FAULTS, Fault, Surroundings
from devstack.prove.plan import MOST_TOGETHER, QUICK, THOROUGH, Group, Pace, plan

ROUNDS = 3


def planned(seed: int, pace: Pace = THOROUGH, rounds: int = ROUNDS) -> tuple[Group, ...]:
    return plan(seed, tuple(FAULTS.values()), rounds, pace)


def test_the_same_seed_gives_the_same_plan() -> None:
    assert planned(7) == planned(7)
    assert planned(7) != planned(8)


@pytest.mark.parametrize("pace", [QUICK, THOROUGH])
def test_every_fault_comes_once_a_round_for_as_long_as_it_may_last(pace: Pace) -> None:
    faults = [one for group in planned(1, pace) for one in group.faults]

    assert Counter(one.fault.name for one in faults) == dict.fromkeys(FAULTS, ROUNDS)
    assert all(one.fault.seconds[0] <= one.seconds <= one.fault.seconds[1] for one in faults)


def test_some_faults_come_together_and_never_too_many() -> None:
    sizes = {len(group.faults) for seed in range(20) for group in planned(seed)}

    assert sizes == set(range(1, MOST_TOGETHER + 1))


def test_a_quick_plan_takes_about_a_minute() -> None:
    seconds = [sum(group.seconds for group in planned(seed, QUICK, 1)) for seed in range(50)]

    assert 40 < sum(seconds) / len(seconds) < 75


def test_a_plan_without_faults_is_empty() -> None:
    assert plan(1, (), ROUNDS, THOROUGH) == ()


def test_what_a_group_takes_includes_its_calm_and_what_it_leaves_behind() -> None:
    def inject(_: Surroundings, __: Random, ___: float) -> str:
        return ""

    (group,) = plan(1, [Fault("one", "one", (2.0, 2.0), inject)], 1, QUICK)

    assert group.seconds > 2.0 + group.calm_seconds
