"""The migrate command: sql/ in, the stack's database at its newest schema out."""

from argparse import ArgumentParser, Namespace

from devstack import migrate, state
from devstack.console import say
from devstack.settings import Addresses, Settings, addresses


def add_arguments(_parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack migrate`: there are none."""


def run(_arguments: Namespace, settings: Settings) -> int:
    """Apply what is missing to the running stack's database, or to the one DB_HOST names."""
    applied = migrate.apply(settings, _place(settings))
    for version in applied:
        say(f"{version} applied")
    if not applied:
        say("nothing to apply")
    return 0


def _place(settings: Settings) -> Addresses:
    if settings.own_postgres:
        return state.running(settings).addresses
    return addresses(settings)
