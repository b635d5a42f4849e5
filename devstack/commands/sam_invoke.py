"""The sam-invoke command: a sample event in, what its function answers in AWS's container out."""

import json
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from devstack.console import say
from devstack.errors import UserError
from devstack.sam_local.choice import function_for
from devstack.sam_local.session import session
from devstack.settings import ROOT, Settings


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack sam-invoke`."""
    parser.add_argument(
        "event", metavar="EVENT", help="a file of an event, as in events/; - for {}"
    )
    parser.add_argument(
        "--function", metavar="ID", help="its logical id (default: whose event it is)"
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Invoke the function and print its answer; 1 when it failed.

    Raises `UserError` for an event nobody takes, without Docker, image or database, and when there
    is no answer.
    """
    event = _read(arguments.event)
    function = arguments.function or function_for(event, settings)
    with session(settings, _note) as local:
        done = subprocess.run(
            local.command("invoke", function, "--event", "-"),
            cwd=ROOT,
            env=local.environment,
            input=json.dumps(event),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    answer = done.stdout.strip()
    if done.returncode or not answer:
        message = f"{function} gave no answer; why stands above"
        raise UserError(message)
    say(answer)
    return 1 if _is_error(answer) else 0


def _read(name: str) -> dict[str, Any]:
    if name == "-":
        return {}
    try:
        event = json.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{name}: {error}; give a file that holds an event, like those in events/"
        raise UserError(message) from error
    if not isinstance(event, dict):
        message = f"{name}: it holds no JSON object"
        raise UserError(message)
    return event


def _is_error(answer: str) -> bool:
    """Tell an answer from a function's error, of which SAM CLI's exit status says nothing."""
    try:
        told = json.loads(answer)
    except ValueError:  # what the emulator says of a function that ended, or ran out of time
        return True
    return isinstance(told, dict) and "errorType" in told


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")
