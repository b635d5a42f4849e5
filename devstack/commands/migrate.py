"""The migrate command: sql/ in, the stack's database at its newest schema out."""

from argparse import ArgumentParser, Namespace

from devstack import migrate, state
from devstack.console import say
from devstack.settings import Settings


def add_arguments(_parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack migrate`: there are none."""


def run(_arguments: Namespace, settings: Settings) -> int:
    """Apply what is missing to the running stack's database, or to the one DB_HOST names."""
    applied = migrate.apply(settings, *_place(settings))
    for version in applied:
        say(f"{version} applied")
    if not applied:
        say("nothing to apply")
    return 0


def _place(settings: Settings) -> tuple[str, int]:
    if settings.own_postgres:
        addresses = state.running(settings).addresses
        return addresses.db_host, addresses.db_port
    return settings.values["DB_HOST"], settings.external_db_port
