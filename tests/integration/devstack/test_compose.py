"""The servers of docker-compose.yml: what a Docker is asked for that only takes notes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from devstack.compose import Compose
from devstack.errors import UserError
from devstack.settings import Settings

Docker = Callable[[str], Path]

COMMAND = ("docker", "compose")

HEALTHY = """
case "$*" in *health=healthy*) printf 'postgres\\nlocalstack\\nkafka\\n' ;; esac
"""
KAFKA_SICK = HEALTHY.replace("kafka", "nats")
ONE_FUNCTION_LEFT = """
case "$*" in *label=serverless-orders=function*) echo 0123abcd ;; esac
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """Put a program called docker, and nothing else, on the path; give where it takes notes."""

    def install(script: str) -> Path:
        notes = tmp_path / "notes"
        program = tmp_path / "bin" / "docker"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\necho "$*" >> {notes}\n{script}')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent))
        return notes

    return install


def test_the_servers_are_up_when_all_are_healthy(docker: Docker, tmp_path: Path) -> None:
    notes = docker(HEALTHY)

    Compose.of_this_machine(Settings(os.environ, tmp_path)).up()

    project = "compose --project-name serverless-orders"
    assert f"{project} up --detach postgres kafka localstack\n" in notes.read_text()


def test_localstack_is_a_new_one_each_time(docker: Docker, tmp_path: Path) -> None:
    notes = docker(HEALTHY + ONE_FUNCTION_LEFT)

    Compose(Settings(os.environ, tmp_path), COMMAND).up()

    asked = notes.read_text().splitlines()
    removing = "compose rm --stop --force localstack"
    again = "compose up --detach postgres kafka localstack"
    assert asked.index("rm --force 0123abcd") < asked.index(removing) < asked.index(again)


def test_a_server_that_stays_sick_is_named(docker: Docker, tmp_path: Path) -> None:
    docker(KAFKA_SICK)
    servers = Compose(Settings(os.environ, tmp_path), COMMAND, patience_seconds=0)

    with pytest.raises(UserError, match=r"not healthy within 0 s: kafka; `docker compose logs`"):
        servers.up()


def test_containers_of_functions_go_before_their_network(docker: Docker, tmp_path: Path) -> None:
    notes = docker(ONE_FUNCTION_LEFT)

    Compose(Settings(os.environ, tmp_path), COMMAND).down()

    assert notes.read_text().splitlines()[-2:] == ["rm --force 0123abcd", "compose down"]


def test_data_goes_only_when_that_is_asked_for(docker: Docker, tmp_path: Path) -> None:
    notes = docker("")

    Compose(Settings(os.environ, tmp_path), COMMAND).down(volumes=True)

    assert notes.read_text().splitlines()[-1] == "compose down --volumes"


def test_where_no_docker_is_the_way_without_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UserError, match=r"nor docker-compose is here; `make localstack` runs"):
        Compose.of_this_machine(Settings({}, tmp_path))


def test_a_docker_that_does_not_answer_is_told_apart(docker: Docker, tmp_path: Path) -> None:
    docker('test "$1" != info')

    with pytest.raises(UserError, match=r"Docker does not answer: start it"):
        Compose.of_this_machine(Settings({}, tmp_path))


def test_what_compose_could_not_start_can_be_removed(docker: Docker, tmp_path: Path) -> None:
    docker('test "$2" != up')

    with pytest.raises(UserError, match=r"up --detach .*` failed; .* `make docker-down` removes"):
        Compose(Settings(os.environ, tmp_path), COMMAND).up()
