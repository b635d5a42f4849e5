"""Processes as victims: a component of the stack in, killed or stopped for a while."""

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from random import Random

import psutil

from devstack.leftovers import is_alive
from devstack.prove.faults.fault import Injection
from devstack.prove.faults.surroundings import Surroundings
from devstack.waiting import until

END_SECONDS = 10.0
"""How long an end in order may take; the supervisor has patience for less."""


def signalled(component: str, what: signal.Signals) -> Injection:
    """Return the fault that ends a component by a signal; one that is heeded takes its time."""

    def inject(surroundings: Surroundings, _draw: Random, _seconds: float) -> str:
        process = running(surroundings, component)
        process.send_signal(what)
        until(lambda: not is_alive(process), END_SECONDS)
        return f"pid {process.pid}"

    return inject


def paused(component: str) -> Injection:
    """Return the fault that stops a component's processes for a while (SIGSTOP, SIGCONT)."""

    def inject(surroundings: Surroundings, _draw: Random, seconds: float) -> str:
        process = running(surroundings, component)
        with stopped(_family(process)) as victims:
            lasted = lasting(process, seconds)
        return f"pid {process.pid} ({len(victims)} processes), {lasted}"

    return inject


def running(surroundings: Surroundings, component: str) -> psutil.Process:
    """Return a component's process; raises `GoneError` or `psutil.NoSuchProcess`."""
    return psutil.Process(surroundings.stack.pid(component))


def lasting(process: psutil.Process, seconds: float) -> str:
    """Let a fault last; it is cut short when its victim ends. Tells which it was."""
    if until(lambda: not is_alive(process), seconds):
        return "cut short by its end"
    return f"{seconds:.1f} s"


@contextmanager
def stopped(processes: Iterable[psutil.Process]) -> Iterator[list[psutil.Process]]:
    """Stop processes for the length of a `with` block; what has ended by then needs no more."""
    victims: list[psutil.Process] = []
    try:
        for process in processes:
            victims.append(process)  # first, so that nothing stays stopped
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        yield victims
    finally:
        for process in victims:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def _family(process: psutil.Process) -> Iterator[psutil.Process]:
    yield process  # stopped by the time its children are looked for: it makes no more of them
    yield from process.children(recursive=True)
