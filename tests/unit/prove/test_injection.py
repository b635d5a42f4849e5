"""The injection: faults in groups, what missed once more, and how soon work went on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from random import Random
from typing import cast

from devstack.prove.arena.proxy import MissedError
from devstack.prove.faults import Fault, Surroundings
from devstack.prove.injection import ATTEMPTS, Injection
from devstack.prove.plan import Group, Planned
from devstack.prove.result import Hit

NOWHERE = cast("Surroundings", None)


class Recovering:
    """Work goes on half a second after whatever it is asked about."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def moved(self, since: float) -> float | None:
        self.asked.append(since)
        return since + 0.5


class Dead:
    def moved(self, _: float) -> float | None:
        return None


def fault(name: str, *answers: str | None) -> Fault:
    """Make a fault that hits with these words, one after the other; None is a miss."""
    coming = iter(answers)

    def inject(_: Surroundings, __: Random, ___: float) -> str:
        what = next(coming)
        if what is None:
            raise MissedError(name)
        return what

    return Fault(name, name, (0, 0), inject)


def group(*faults: Fault) -> Group:
    return Group(0.0, tuple(Planned(one, 0.0, 0.0, seed=1) for one in faults))


def injected(
    *groups: Group, progress: Recovering | Dead | None = None, clock: Iterator[int] | None = None
) -> list[Hit]:
    told: list[Hit] = []
    now: Callable[[], float] = (clock or count()).__next__
    injection = Injection(NOWHERE, progress or Recovering(), now, told.append, 0.01)
    hits = list(injection.run(groups))
    assert told == hits
    return hits


def test_each_fault_tells_what_it_hit_and_how_soon_work_went_on() -> None:
    (hit,) = injected(group(fault("one", "pid 1")))

    assert hit == Hit("one", 0, 1, "pid 1", recovery_seconds=0.5, missed=False)


def test_of_faults_that_came_together_recovery_counts_from_the_last_ones_end() -> None:
    progress = Recovering()

    hits = injected(group(fault("one", "a"), fault("two", "b")), progress=progress)

    assert progress.asked == [max(hit.ended for hit in hits)]


def test_what_missed_comes_again_for_itself() -> None:
    hits = injected(group(fault("one", "a"), fault("two", None, "b")))

    assert [(hit.fault, hit.missed) for hit in hits] == [
        ("one", False),
        ("two", True),
        ("two", False),
    ]


def test_what_always_misses_is_given_up() -> None:
    hits = injected(group(fault("one", *[None] * 10)))

    assert [hit.missed for hit in hits] == [True] * ATTEMPTS
    assert all(hit.recovery_seconds is None for hit in hits)


def test_where_no_work_goes_on_the_next_fault_comes_all_the_same() -> None:
    hits = injected(group(fault("one", "a")), group(fault("two", "b")), progress=Dead())

    assert [(hit.fault, hit.recovery_seconds) for hit in hits] == [("one", None), ("two", None)]


def test_what_somebody_has_to_repair_belongs_to_the_recovery() -> None:
    repaired: list[bool] = []
    one = replace(fault("one", "a"), repair=lambda _: repaired.append(True))

    (hit,) = injected(group(one))

    assert repaired
    assert hit.ended == 1
