"""The surroundings of a fault: what it may lay hands on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devstack.prove.arena.chaos import Chaos
from devstack.prove.arena.proxy import Proxy
from devstack.prove.arena.stack import ProvingStack
from devstack.prove.load.records import Record


@dataclass(frozen=True)
class Surroundings:
    """A stack at work, and the tools to disturb it."""

    stack: ProvingStack
    proxy: Proxy
    """Between the functions and PostgreSQL."""
    chaos: Chaos
    """Inside the stack's Python processes."""
    upcoming: Callable[[int], Sequence[Record]]
    """The next so many records that will be produced."""
