"""The down command: a running stack in, a stopped one out."""

import os
import signal
from argparse import ArgumentParser, Namespace

import psutil

from devstack import state
from devstack.console import say
from devstack.errors import UserError
from devstack.settings import Settings

_PATIENCE_SECONDS = 20


def add_arguments(_parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack down`: there are none."""


def run(_arguments: Namespace, settings: Settings) -> int:
    """Stop the running stack and wait until it has; 0 also when none runs."""
    running = state.read(settings.home)
    if running is None:
        say("no stack is running here")
        return 0
    os.kill(running.pid, signal.SIGTERM)
    try:
        psutil.Process(running.pid).wait(timeout=_PATIENCE_SECONDS)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired as error:
        message = f"the stack (pid {running.pid}) did not stop within {_PATIENCE_SECONDS} s"
        raise UserError(message) from error
    say("stopped")
    return 0
