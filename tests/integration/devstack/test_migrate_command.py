"""The migrate command: on a database of the user's, without a stack."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devstack.commands import migrate
from devstack.database import connect
from devstack.errors import UserError
from devstack.settings import ROOT, Settings
from tests.servers import PostgresServer

VERSIONS = sorted(path.name[:4] for path in (ROOT / "sql").glob("*.sql"))
NEWEST = VERSIONS[-1]

Command = Callable[..., str]


@pytest.fixture
def settings(postgres: PostgresServer, tmp_path: Path) -> Settings:
    return Settings(postgres.settings(postgres.create_database()), tmp_path)


@pytest.fixture
def command(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command on a new database; give what it says."""

    def run(*options: str) -> str:
        parser = ArgumentParser()
        migrate.add_arguments(parser)
        assert migrate.run(parser.parse_args(options), settings) == 0
        return capsys.readouterr().out

    return run


def test_what_is_missing_is_listed_then_applied_once(command: Command) -> None:
    listed, first, second = command("--dry-run"), command(), command()

    assert listed.splitlines() == [f"{version} is to be applied" for version in VERSIONS]
    assert first.splitlines() == [f"{version} applied" for version in VERSIONS]
    assert second == command("--dry-run") == "nothing to apply\n"


def test_the_last_one_is_taken_back_with_a_word_on_what_that_means(command: Command) -> None:
    command()

    said = command("--down")

    assert said.startswith(f"{NEWEST} taken back; the functions need it: ")
    assert "/ready answers 503 migration_pending" in said
    assert command() == f"{NEWEST} applied\n"


def test_nothing_can_be_taken_back_from_an_empty_database(command: Command) -> None:
    assert command("--down") == "nothing to take back\n"


def test_the_first_one_takes_the_orders_with_it_only_when_that_is_said(command: Command) -> None:
    command()
    for _ in VERSIONS[1:]:
        command("--down")

    with pytest.raises(UserError, match="--drop-data"):
        command("--down")

    assert command("--down", "--drop-data").startswith(f"{VERSIONS[0]} taken back")


def test_a_program_reads_what_was_done_and_what_is_left(command: Command) -> None:
    def said(*options: str) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(command(*options, "--json"))

    nothing: dict[str, Any] = {"applied": [], "taken_back": None, "pending": [], "newest": NEWEST}
    assert said("--dry-run") == nothing | {"pending": VERSIONS}
    assert said() == nothing | {"applied": VERSIONS}
    assert said("--down") == nothing | {"taken_back": NEWEST, "pending": [NEWEST]}


def test_a_migration_that_fails_is_told_in_one_line(settings: Settings, command: Command) -> None:
    command()
    session = connect(settings, settings.values["DB_HOST"], settings.external_db_port)
    session.run("DELETE FROM schema_migrations WHERE version = :version", version=NEWEST)
    session.close()

    with pytest.raises(UserError, match=rf"^migration {NEWEST} failed: .*already exists") as told:
        command()

    assert "\n" not in str(told.value)


def test_taking_back_and_listing_are_not_one_wish(command: Command) -> None:
    with pytest.raises(SystemExit):
        command("--down", "--dry-run")
