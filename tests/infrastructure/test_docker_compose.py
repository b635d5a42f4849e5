"""What docker-compose.yml promises, and what compose itself makes of it."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from devstack import compose, jetstream, kafka, postgres, valkey
from devstack.commands.docker import LAYERS
from devstack.compose import Compose
from devstack.localstack.server import Server
from devstack.sam_local import docker
from devstack.settings import Settings
from tests.servers import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text()
OTHER_PORTS = {
    "AWS_PORT": "14566",
    "CACHE_PORT": "16379",
    "DB_PORT": "15432",
    "KAFKA_PORT": "19092",
    "NATS_PORT": "14222",
}
NATS = {"SOURCE": "nats"}
CACHE = {"CACHE": "valkey"}


def composition(**settings: str) -> Any:  # noqa: ANN401 - YAML
    """Read the file as compose does: `${NAME:-default}` from the settings."""

    def chosen(found: re.Match[str]) -> str:
        return settings.get(found[1], found[2] or "")

    return yaml.safe_load(re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", chosen, TEXT))


SERVICES = composition(PWD=str(ROOT))["services"]
LOCALSTACK = SERVICES["localstack"]["environment"]


OF_THIS_MACHINE = {
    "nats": jetstream.Server(ROOT, port=0).command,
    "postgres": postgres.Server(ROOT, port=0).command,
    "valkey": valkey.Server(ROOT, port=0).command,
}


def said_by(program: str) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout


def published(service: str, **settings: str) -> str:
    """Return where a service's port is on this machine."""
    [port] = composition(**settings)["services"][service]["ports"]
    return str(port).rpartition(":")[0]


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_a_server_is_of_one_version_and_told_to_be_healthy(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z/]+:\d+\.\d+(\.\d+)?(-[a-z]+)?", service["image"])
    assert set(service["healthcheck"]) == {"test", "interval", "timeout", "retries"}
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_a_server_is_reached_from_this_machine_only(service: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert not {"network_mode", "privileged"} & service.keys()


def test_the_versions_are_those_that_run_without_docker() -> None:
    images = {name: service["image"].rpartition(":")[2] for name, service in SERVICES.items()}
    lock = (ROOT / "requirements" / "localstack.txt").read_text()

    assert images["kafka"] == kafka.VERSION
    assert f"\nlocalstack-core=={images['localstack']} " in lock
    for name, command in OF_THIS_MACHINE.items():
        assert images[name].split("-")[0] in re.split(r"[^\d.]+", said_by(command[0])), name


def test_what_is_kept_lies_in_volumes_with_a_name() -> None:
    kept = [volume for one in SERVICES.values() for volume in one.get("volumes", [])]

    named = {volume.split(":")[0] for volume in kept if not volume.startswith("/")}
    assert named == set(composition()["volumes"])


def test_only_localstack_may_rule_docker() -> None:
    sockets = {name for name, one in SERVICES.items() if "docker.sock" in str(one)}

    assert sockets == {"localstack"}


def test_localstack_is_set_up_as_without_docker(tmp_path: Path) -> None:
    python = tmp_path / "runtime" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    own = Server(tmp_path, tmp_path, port=0).environment
    environment = {name: str(value) for name, value in LOCALSTACK.items()}

    shared = own.keys() & environment.keys()
    assert "PROVIDER_OVERRIDE_CLOUDFORMATION" in shared
    assert {name: environment[name] for name in shared} == {name: own[name] for name in shared}


@pytest.mark.parametrize("chosen", [{}, OTHER_PORTS], ids=["default ports", "others"])
def test_the_stack_is_told_where_the_servers_are(chosen: dict[str, str]) -> None:
    told = Compose(Settings(chosen, ROOT), ()).as_settings

    assert f"{told['DB_HOST']}:{told['DB_PORT']}" == published("postgres", **chosen)
    assert told["KAFKA_BROKER"] == published("kafka", **chosen)
    assert told["LOCALSTACK_ENDPOINT"] == f"http://{published('localstack', **chosen)}"
    assert not {"NATS_URL", "CACHE_URL"} & told.keys()


@pytest.mark.parametrize("chosen", [NATS, NATS | OTHER_PORTS], ids=["default port", "another"])
def test_with_nats_as_the_source_it_stands_in_for_kafka(chosen: dict[str, str]) -> None:
    asked = Compose(Settings(chosen, ROOT), ())

    assert asked.services == ("postgres", "nats", "localstack")
    assert asked.as_settings["NATS_URL"] == f"nats://{published('nats', **chosen)}"
    assert "KAFKA_BROKER" not in asked.as_settings


def test_with_a_cache_the_functions_are_told_where_containers_find_it() -> None:
    asked = Compose(Settings(CACHE, ROOT), ())

    service, port = asked.as_settings["CACHE_URL"].removeprefix("valkey://").split(":")
    assert service in asked.services
    assert SERVICES[service]["ports"][0].endswith(f":{port}")


def test_a_cache_of_the_user_s_needs_no_container() -> None:
    own = CACHE | {"CACHE_URL": "valkeys://cache.test:6379"}

    asked = Compose(Settings(own, ROOT), ())

    assert "valkey" not in asked.services
    assert "CACHE_URL" not in asked.as_settings


def test_every_server_is_one_that_somebody_can_ask_for() -> None:
    asked = {
        name for some in ({}, NATS, CACHE) for name in Compose(Settings(some, ROOT), ()).services
    }

    assert asked == SERVICES.keys()


def test_the_largest_message_is_what_it_is_without_docker() -> None:
    assert f"max_payload: {jetstream.LARGEST_MESSAGE_BYTES}'" in str(SERVICES["nats"]["entrypoint"])


@pytest.mark.parametrize("chosen", [{}, OTHER_PORTS], ids=["default ports", "others"])
def test_the_broker_sends_clients_back_to_where_they_found_it(chosen: dict[str, str]) -> None:
    environment = composition(**chosen)["services"]["kafka"]["environment"]

    advertised = environment["KAFKA_ADVERTISED_LISTENERS"].split(",")
    assert advertised == [f"HOST://{published('kafka', **chosen)}", "CONTAINERS://kafka:19092"]


def test_functions_run_in_the_image_that_sam_local_has() -> None:
    images = json.loads(LOCALSTACK["LAMBDA_RUNTIME_IMAGE_MAPPING"])

    assert images == {"python3.13": docker.IMAGE}


def test_functions_find_their_layers_and_the_database() -> None:
    host, port = Compose(Settings({}, ROOT), ()).as_settings["DB_PROXY"].split(":")

    assert f'-v "{LAYERS}:/opt:ro"' in LOCALSTACK["LAMBDA_DOCKER_FLAGS"]
    assert f"--label {compose.FUNCTIONS} " in LOCALSTACK["LAMBDA_DOCKER_FLAGS"]
    assert LOCALSTACK["LAMBDA_DOCKER_NETWORK"] == composition()["networks"]["default"]["name"]
    assert SERVICES[host]["ports"][0].endswith(f":{port}")


def test_compose_itself_takes_the_file() -> None:
    if not (command := compose.installed()):
        assert os.environ.get("CI") != "true", "CI has a compose"
        pytest.skip("neither `docker compose` nor docker-compose is here")

    done = subprocess.run(
        [*command, "--project-name", compose.PROJECT, "config"],
        cwd=ROOT,
        env={**os.environ, **OTHER_PORTS, "PWD": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    understood = yaml.safe_load(done.stdout)["services"]
    assert understood.keys() == SERVICES.keys()
    flags = understood["localstack"]["environment"]["LAMBDA_DOCKER_FLAGS"]
    assert flags == LOCALSTACK["LAMBDA_DOCKER_FLAGS"]
