"""The docker command: a verb in, the stack on the servers of docker-compose.yml up or gone out.

Containers are Docker's and outlive the terminal, so what runs beside them on this machine (page,
mapping, edge) does too: `up` returns when all is up, and `down` stops both.
"""

import shutil
import sys
from argparse import ArgumentParser, Namespace

from devstack import detached, sam_cli, state
from devstack.commands import down
from devstack.compose import Compose
from devstack.console import say
from devstack.errors import UserError
from devstack.sam_local import docker
from devstack.settings import ROOT, Settings

LAYERS = ROOT / ".aws-sam" / "opt"
"""What the functions find in /opt: all layers in one folder, as docker-compose.yml mounts it."""


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the verbs of `python -m devstack docker`."""
    verbs = {
        "up": "start the servers and what uses them; return when all is up",
        "down": "stop all of it and keep the data",
        "clean": "stop all of it and remove the data",
    }
    parser.add_argument("verb", choices=verbs, help="; ".join(map(": ".join, verbs.items())))


def run(arguments: Namespace, settings: Settings) -> int:
    """Do it; raises `UserError` for what a person can put right."""
    compose = Compose.of_this_machine(settings)
    if arguments.verb == "up":
        _up(compose, settings)
    else:
        down.run(arguments, settings)
        compose.down(volumes=arguments.verb == "clean")
    return 0


def _up(compose: Compose, settings: Settings) -> None:
    if state.read(settings.home):
        message = "a stack is running here already; stop it with `make down` or `make docker-down`"
        raise UserError(message)
    say(f"the servers of docker-compose.yml, by `{' '.join(compose.command)}`")
    docker.ensure_image(say)  # LocalStack would pull it too, while the deployment waits
    sam_cli.build(say)
    shutil.rmtree(LAYERS, ignore_errors=True)
    for layer in sam_cli.BUILT.glob("*Layer"):
        shutil.copytree(layer, LAYERS, dirs_exist_ok=True)
    compose.up()
    detached.start(
        (sys.executable, "-m", "devstack", "up", "--on", "localstack"),
        {**settings.values, **compose.as_settings},
        lambda: (running := state.read(settings.home)) is not None and running.up,
    )
    say("up, in the background: make status · make logs · make docker-down")
