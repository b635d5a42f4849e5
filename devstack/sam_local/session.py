"""A session of `sam local`: settings in, options and an environment that reach the database out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from devstack import database, private_file, sam_cli
from devstack.account import REGION
from devstack.sam_local import docker
from devstack.sam_local.methods import separate
from devstack.sam_local.relay import Address, relay
from devstack.settings import ROOT, Settings

CONFIGURATION = ROOT / "samconfig.toml"

_FUNCTION_SETTINGS = ("CACHE_MAX_ENTRIES", "LOG_LEVEL", "STRICT_TOTALS")
_FROM_A_VM = "host.docker.internal"  # Docker Desktop's name for the machine, its loopback included
_NOBODY = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_MAX_ATTEMPTS": "1",  # nobody will let them in: SAM asks for 7 s otherwise
}
"""Credentials for whoever has none: functions get them, and boto3 is not content without."""


@dataclass(frozen=True)
class Session:
    """What `sam local` is to be run with, in the checkout, while the session lasts."""

    options: tuple[str, ...]
    environment: Mapping[str, str]

    def command(self, *arguments: str) -> tuple[str, ...]:
        """Return what to run for `sam local ARGUMENTS`."""
        return sam_cli.command("local", *arguments, *self.options)


@contextmanager
def session(settings: Settings, say: Callable[[str], None]) -> Iterator[Session]:
    """Build, see to the image, and let containers reach the database for a `with` block.

    Raises `UserError` for what a person can put right.
    """
    target = database.place(settings)
    docker.check()
    template = separate(sam_cli.build(say))
    docker.ensure_image(say)
    environment = {**sam_cli.surroundings(), **_credentials()}
    with _reachable(target) as place, TemporaryDirectory(prefix="sam-local-") as folder:
        file = Path(folder) / "variables.json"
        private_file.write(file, {"Parameters": variables(settings, place)})
        yield Session(_options(template, file, settings), environment)


def variables(settings: Settings, place: Address) -> dict[str, str]:
    """Return what the functions are told, the database being at `place` for their containers."""
    chosen = {name: settings.values.get(name) or "" for name in _FUNCTION_SETTINGS}
    return {
        "DB_HOST": place[0],
        "DB_PORT": str(place[1]),
        "DB_USER": settings.db_user,
        "DB_PASSWORD": settings.db_password,
        "DB_NAME": settings.db_name,
        **{name: value for name, value in chosen.items() if value},
    }


def _options(template: Path, variables: Path, settings: Settings) -> tuple[str, ...]:
    files = {"--template-file": template, "--config-file": CONFIGURATION, "--env-vars": variables}
    given = chain.from_iterable((option, str(file)) for option, file in files.items())
    options = (*given, "--skip-pull-image")
    if seconds := settings.ingest_timeout_seconds:
        return (*options, "--parameter-overrides", f"IngestTimeoutSeconds={seconds}")
    return options


@contextmanager
def _reachable(target: Address) -> Iterator[Address]:
    host = docker.bridge_address()
    with relay(host, target) if host else nullcontext((_FROM_A_VM, target[1])) as place:
        yield place


def _credentials() -> Mapping[str, str]:
    return {} if boto3.Session().get_credentials() else _NOBODY
