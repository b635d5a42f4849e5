"""Faults of the network between functions and PostgreSQL: cut, or silent."""

import time
from collections.abc import Callable, Mapping, Sequence
from random import Random

from devstack.prove.arena.proxy import Course, MissedError, Moment, Proxy
from devstack.prove.faults.fault import Fault
from devstack.prove.faults.invocations import catch
from devstack.prove.faults.surroundings import Surroundings


def _cut(surroundings: Surroundings, _draw: Random, _seconds: float) -> str:
    process = catch(surroundings, Moment.COPY_DATA, lambda _: Course.DROP)
    return f"pid {process.pid} amid a COPY"


ENDS: Mapping[str, Callable[[Proxy], None]] = {
    "what waited came through": Proxy.release,
    "what waited was cut off": Proxy.cut,
    "what waited was forgotten": Proxy.forget,
}
"""How a silence may end, before new connections work again."""


def _silenced(surroundings: Surroundings, draw: Random, seconds: float) -> str:
    end = draw.choice(tuple(ENDS))
    proxy = surroundings.proxy
    proxy.hold()
    try:
        connections = proxy.connections
        time.sleep(seconds)  # as long as the fault lasts
        ENDS[end](proxy)
    finally:
        proxy.release()
    if not connections:
        message = "nobody was connected"
        raise MissedError(message)
    return f"{connections} connections, {seconds:.1f} s; {end}"


FAULTS: Sequence[Fault] = (
    Fault(
        "connection-cut",
        "the connection to PostgreSQL is reset amid a COPY",
        (0, 0),
        _cut,
    ),
    Fault(
        "network-silent",
        "nothing comes through between functions and PostgreSQL, and nobody hears why",
        (2, 10),
        _silenced,
    ),
)
