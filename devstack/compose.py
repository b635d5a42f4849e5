"""Docker's compose: a wish in, the servers of docker-compose.yml up and healthy, or gone, out."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from devstack.errors import UserError
from devstack.ports import LOCALHOST
from devstack.settings import KAFKA_PORT, LOCALSTACK_PORT, NATS_PORT, ROOT, Settings, Source
from devstack.waiting import until

PROJECT = "serverless-orders"
FUNCTIONS = f"{PROJECT}=function"
"""The label of the containers in which LocalStack runs functions."""

_LOOK_AGAIN_SECONDS = 0.5
_WITHOUT_DOCKER = "`make localstack` runs the same without Docker"


@dataclass(frozen=True)
class Compose:
    """The servers of docker-compose.yml, under the settings of a person."""

    settings: Settings
    command: tuple[str, ...]
    """How compose is called here: as Docker's plug-in, or the older program."""
    patience_seconds: float = 180

    @classmethod
    def of_this_machine(cls, settings: Settings) -> Self:
        """Find compose; raises `UserError` when it, or Docker, is not there."""
        command = installed()
        if command is None:
            message = f"neither `docker compose` nor docker-compose is here; {_WITHOUT_DOCKER}"
            raise UserError(message)
        if not _answers(("docker",), "info"):
            message = (
                "Docker does not answer: start it, and see that you may use it (`docker info`);"
                f" {_WITHOUT_DOCKER}"
            )
            raise UserError(message)
        return cls(settings, (*command, "--project-name", PROJECT))

    @property
    def services(self) -> tuple[str, ...]:
        """Return the servers that the settings ask for."""
        cache = ["valkey"] if self.settings.own_cache else []
        return ("postgres", self.settings.source, "localstack", *cache)

    @property
    def as_settings(self) -> Mapping[str, str]:
        """Return the settings by which a stack uses these servers."""
        localstack_port = self.settings.port("AWS_PORT") or LOCALSTACK_PORT
        # As containers see it: only functions ask the cache.
        cache = {"CACHE_URL": "valkey://valkey:6379"} if self.settings.own_cache else {}
        return {
            "DB_HOST": LOCALHOST,
            "DB_PORT": str(self.settings.external_db_port),
            "DB_PROXY": "postgres:5432",  # as containers see it
            "LOCALSTACK_ENDPOINT": f"http://{LOCALHOST}:{localstack_port}",
            **self._source,
            **cache,
        }

    @property
    def _source(self) -> Mapping[str, str]:
        if self.settings.source is Source.NATS:
            return {
                "NATS_URL": f"nats://{LOCALHOST}:{self.settings.port('NATS_PORT') or NATS_PORT}"
            }
        return {"KAFKA_BROKER": f"{LOCALHOST}:{self.settings.port('KAFKA_PORT') or KAFKA_PORT}"}

    def up(self) -> None:
        """Start the servers and wait until all are healthy; raises `UserError` naming those not.

        LocalStack is a new one each time: what it deploys over it does not always answer.
        """
        self._remove_functions()
        self._run("rm", "--stop", "--force", "localstack")
        self._run("up", "--detach", *self.services)
        services = set(self.services)
        # Not by --wait, which docker-compose 1.29 lacks.
        if not until(
            lambda: services <= self._healthy(), self.patience_seconds, _LOOK_AGAIN_SECONDS
        ):
            message = (
                f"not healthy within {self.patience_seconds:.0f} s:"
                f" {', '.join(sorted(services - self._healthy()))};"
                f" `{' '.join(self.command)} logs` tells why"
            )
            raise UserError(message)

    def down(self, *, volumes: bool = False) -> None:
        """Remove the containers, the functions' too, whose network could not go otherwise."""
        self._remove_functions()
        self._run("down", *(["--volumes"] if volumes else []))

    @property
    def _environment(self) -> Mapping[str, str]:
        # PWD: where the layers are that functions are given, wherever make was called.
        return {**self.settings.values, "PWD": str(ROOT)}

    def _healthy(self) -> set[str]:
        service = '{{.Label "com.docker.compose.service"}}'
        project = f"label=com.docker.compose.project={PROJECT}"
        return self._containers(service, "--filter", project, "--filter", "health=healthy")

    def _remove_functions(self) -> None:
        functions = self._containers("{{.ID}}", "--all", "--filter", f"label={FUNCTIONS}")
        if functions:
            self._said("docker", "rm", "--force", *functions)

    def _containers(self, what: str, *filters: str) -> set[str]:
        return set(self._said("docker", "ps", "--format", what, *filters))

    def _run(self, *arguments: str) -> None:
        """Run compose, whose progress a person sees; raises `UserError` when it fails."""
        command = (*self.command, *arguments)
        if subprocess.run(command, cwd=ROOT, env=self._environment, check=False).returncode:
            message = (
                f"`{' '.join(command)}` failed; the reason stands above, and"
                " `make docker-down` removes what did start"
            )
            raise UserError(message)

    def _said(self, *command: str) -> list[str]:
        done = subprocess.run(
            command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            message = f"`{' '.join(command)}` failed: {done.stderr.strip()}"
            raise UserError(message)
        return done.stdout.split()


def installed() -> tuple[str, ...] | None:
    """Return what to call for compose: Docker's plug-in, else the older program, else None."""
    return next(filter(_answers, (("docker", "compose"), ("docker-compose",))), None)


def _answers(program: tuple[str, ...], command: str = "version") -> bool:
    try:
        done = subprocess.run((*program, command), capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0
