"""The plan of a proof: a seed in, faults in groups out, each with when and for how long.

The same seed gives the same plan. Every fault comes once a round; some come together.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from devstack.prove.faults import Fault


@dataclass(frozen=True)
class Pace:
    """How closely faults follow each other."""

    calm_seconds: tuple[float, float]
    """Between what one group left behind and the next group."""
    together: float
    """The chance that the next fault joins a group, instead of waiting for its end."""
    length: float
    """Where in a fault's range its length is drawn: 0, the least; 1, all of it."""


THOROUGH = Pace(calm_seconds=(1.0, 4.0), together=0.25, length=1.0)
QUICK = Pace(calm_seconds=(0.1, 0.3), together=0.5, length=0.0)
MOST_TOGETHER = 3


@dataclass(frozen=True)
class Planned:
    """One fault of a group."""

    fault: Fault
    after_seconds: float
    """Since its group began."""
    seconds: float
    seed: int
    """For what the fault itself leaves to chance."""


@dataclass(frozen=True)
class Group:
    """Faults that come together, after a while without any."""

    calm_seconds: float
    faults: tuple[Planned, ...]

    @property
    def seconds(self) -> float:
        """About how long it takes, with what it leaves behind."""
        return self.calm_seconds + max(
            planned.after_seconds + planned.seconds + planned.fault.takes_seconds
            for planned in self.faults
        )


def plan(seed: int, faults: Sequence[Fault], rounds: int, pace: Pace) -> tuple[Group, ...]:
    """Draw the groups; every round has each fault once, in an order of its own."""
    draw = random.Random(f"plan/{seed}")  # noqa: S311 - repeatable, guards nothing
    return tuple(
        group
        for _ in range(rounds)
        for group in _round(draw, draw.sample(faults, len(faults)), pace)
    )


def _round(draw: random.Random, faults: Sequence[Fault], pace: Pace) -> Iterator[Group]:
    members: list[Planned] = []
    for fault in faults:
        joins = members and len(members) < MOST_TOGETHER and draw.random() < pace.together
        if members and not joins:
            yield _group(draw, members, pace)
            members = []
        members.append(_planned(draw, fault, pace, first=not members))
    if members:
        yield _group(draw, members, pace)


def _group(draw: random.Random, members: Sequence[Planned], pace: Pace) -> Group:
    return Group(draw.uniform(*pace.calm_seconds), tuple(members))


def _planned(draw: random.Random, fault: Fault, pace: Pace, *, first: bool) -> Planned:
    least, most = fault.seconds
    return Planned(
        fault,
        after_seconds=0.0 if first else draw.uniform(0.0, 1.0),
        seconds=draw.uniform(least, least + (most - least) * pace.length),
        seed=draw.getrandbits(32),
    )
