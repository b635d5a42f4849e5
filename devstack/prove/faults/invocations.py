"""Invocations as victims: a moment of their transaction in, the process that is in it out."""

import time
from collections.abc import Callable

import psutil

from devstack.prove.arena.proxy import Course, MissedError, Moment
from devstack.prove.faults.fault import PATIENCE_SECONDS
from devstack.prove.faults.surroundings import Surroundings

Act = Callable[[psutil.Process], Course]


def catch(surroundings: Surroundings, moment: Moment, act: Act) -> psutil.Process:
    """Do something to the ingest function's process that reaches the moment next; return it.

    Raises `MissedError` when none does.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    caught: list[psutil.Process] = []

    def on_moment(client_port: int) -> Course:
        process = surroundings.stack.owner_of(client_port)
        if process is None:  # another function's, or gone already
            return Course.PASS
        try:
            course = act(process)
        except psutil.NoSuchProcess:
            return Course.PASS
        caught.append(process)
        return course

    while not caught:
        left = deadline - time.monotonic()
        if left <= 0:
            message = f"no invocation came to {moment.name.lower().replace('_', ' ')}"
            raise MissedError(message)
        surroundings.proxy.catch(moment, on_moment, left)
    return caught[0]
