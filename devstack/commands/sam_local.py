"""The sam-local command: a running stack in, its API from AWS's containers out, until Ctrl-C."""

import signal
import subprocess
import sys
from argparse import ArgumentParser, Namespace

from devstack.commands import numbers
from devstack.console import say
from devstack.ports import HIGHEST_PORT, LOCALHOST, Ports
from devstack.sam_local.session import session
from devstack.samples import SAMPLE_ORDER_UID
from devstack.settings import ROOT, Settings

_PORT = 3000  # SAM CLI's own default
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_port = numbers.number(int, lambda n: 0 < n <= HIGHEST_PORT, f"a port, 1 to {HIGHEST_PORT}")


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack sam-local`."""
    parser.add_argument(
        "--port", type=_port, metavar="N", help=f"where to listen (default: {_PORT}, or the next)"
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Serve the API until told to stop; 0 when it stopped as asked.

    Raises `UserError` for what a person can put right.
    """
    port = Ports().free("--port", arguments.port, _PORT)
    for number in _STOPPING:  # before SAM CLI is started, which would inherit that one is ignored
        signal.signal(number, _interrupt)
    with session(settings, _note) as local:
        command = local.command("start-api", "--port", str(port))
        # In a session of its own: a terminal's Ctrl-C would reach it twice.
        with subprocess.Popen(
            command, cwd=ROOT, env=local.environment, start_new_session=True
        ) as api:
            try:
                say(f"an order       http://{LOCALHOST}:{port}/order/{SAMPLE_ORDER_UID}")
                return api.wait()
            except KeyboardInterrupt:
                api.send_signal(signal.SIGINT)  # it removes its containers
    return 0


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")
