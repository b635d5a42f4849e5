"""Faults of the ingest function: an invocation at a chosen moment in, its end out."""

from collections.abc import Sequence
from random import Random

import psutil

from devstack.leftovers import is_alive
from devstack.prove.arena.proxy import Course, Moment
from devstack.prove.arena.stack import TIMEOUT_SECONDS
from devstack.prove.faults.fault import Fault, Injection
from devstack.prove.faults.invocations import catch
from devstack.prove.faults.processes import stopped
from devstack.prove.faults.surroundings import Surroundings
from devstack.waiting import until

ENDED_SECONDS = 2 * TIMEOUT_SECONDS
"""When the function's time-out must have ended a process that does nothing more."""
MEMORY_SECONDS = 10.0
"""How soon a process that takes ever more memory must have been ended."""


def _killed(moment: Moment, course: Course) -> Injection:
    def inject(surroundings: Surroundings, _draw: Random, _seconds: float) -> str:
        def act(process: psutil.Process) -> Course:
            process.kill()
            return course

        return f"pid {catch(surroundings, moment, act).pid}"

    return inject


def _timed_out(surroundings: Surroundings, _draw: Random, _seconds: float) -> str:
    def act(process: psutil.Process) -> Course:
        process.suspend()
        return Course.PASS

    process = catch(surroundings, Moment.COMMIT_SENT, act)
    with stopped([process]):
        ended = until(lambda: not is_alive(process), ENDED_SECONDS)
    return f"pid {process.pid}, {_end(ended=ended)}"


def _out_of_memory(surroundings: Surroundings, _draw: Random, _seconds: float) -> str:
    def act(process: psutil.Process) -> Course:
        surroundings.chaos.exhaust_memory(process)
        return Course.PASS

    process = catch(surroundings, Moment.COMMIT_ASKED, act)
    ended = until(lambda: not is_alive(process), MEMORY_SECONDS)
    if not ended:
        process.kill()
    return f"pid {process.pid}, {_end(ended=ended)}"


def _end(*, ended: bool) -> str:
    return "ended by its runtime" if ended else "which its runtime did not end"


FAULTS: Sequence[Fault] = (
    Fault(
        "function-killed-before-commit",
        "SIGKILL of an invocation that is about to commit; PostgreSQL hears no COMMIT",
        (0, 0),
        _killed(Moment.COMMIT_ASKED, Course.DROP),
    ),
    Fault(
        "function-killed-in-commit",
        "SIGKILL of an invocation while PostgreSQL commits for it",
        (0, 0),
        _killed(Moment.COMMIT_SENT, Course.PASS),
    ),
    Fault(
        "function-killed-after-commit",
        "SIGKILL of an invocation that is committed, before it has told anybody",
        (0, 0),
        _killed(Moment.COMMIT_ANSWERED, Course.PASS),
    ),
    Fault(
        "function-timed-out",
        "an invocation is stopped in its COMMIT until its time-out ends it",
        (6, 6),
        _timed_out,
        takes_seconds=TIMEOUT_SECONDS + 1.0,
    ),
    Fault(
        "function-out-of-memory",
        "an invocation takes ever more memory while it commits",
        (0, 0),
        _out_of_memory,
        takes_seconds=2.5,
    ),
)
