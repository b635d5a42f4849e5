"""The migrate command: sql/ in, the stack's database at its newest schema, or one back, out."""

import json
from argparse import ArgumentParser, Namespace

from devstack import migrate
from devstack.console import say
from devstack.database import place
from devstack.settings import Settings
from orders.migrations import NEWEST

_LACKING = (
    "the functions need it: until `python -m devstack migrate` applies it again (so does a start of"
    " the stack), /ready answers 503 migration_pending, and records are retried"
)


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack migrate`."""
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--down", action="store_true", help="take the last migration back instead")
    other.add_argument("--dry-run", action="store_true", help="only list what is to be applied")
    parser.add_argument(
        "--drop-data", action="store_true", help="with --down: the first migration may go too"
    )
    parser.add_argument("--json", action="store_true", help="answer in JSON, in one line")


def run(arguments: Namespace, settings: Settings) -> int:
    """Change the schema of the running stack's database, or of the one DB_HOST names."""
    applied, taken_back = [], None
    if arguments.down:
        taken_back = migrate.take_back(settings, *place(settings), drop_data=arguments.drop_data)
    elif not arguments.dry_run:
        applied = migrate.apply(settings, *place(settings))
    waiting = migrate.pending(settings, *place(settings))
    if arguments.json:
        changed = {"applied": applied, "taken_back": taken_back, "pending": waiting}
        say(json.dumps({**changed, "newest": NEWEST}))
    elif arguments.down:
        _say_taken_back(taken_back)
    else:
        _say_applied(applied, waiting)
    return 0


def _say_taken_back(version: str | None) -> None:
    say(f"{version} taken back; {_LACKING}" if version else "nothing to take back")


def _say_applied(applied: list[str], waiting: list[str]) -> None:
    for version in applied:
        say(f"{version} applied")
    for version in waiting:
        say(f"{version} is to be applied")
    if not applied and not waiting:
        say("nothing to apply")
