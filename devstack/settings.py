"""Settings and addresses: environment, .env and config.env in, what the stack listens on out."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from devstack.errors import UserError

ROOT = Path(__file__).parent.parent
LOCALHOST = "127.0.0.1"
HIGHEST_PORT = 65_535

HTTP_PORTS = (8080, 8081)
INVOKE_PORT = 3001
AWS_PORT = 5555
KAFKA_PORT = 9092
POSTGRES_PORT = 5432
CONTROLLER_PORT = 9093


@dataclass(frozen=True)
class Addresses:
    """Where everything listens (all on 127.0.0.1 unless a server of the user's is named)."""

    http_ports: tuple[int, ...]
    invoke_port: int
    aws_port: int
    kafka_broker: str
    kafka_controller_port: int
    db_host: str
    db_port: int


@dataclass(frozen=True)
class Settings:
    """What a person set; every command reads it once, at its start."""

    values: Mapping[str, str]
    home: Path

    def text(self, name: str, default: str) -> str:
        """Return a setting, or its default when it is not set or empty."""
        return self.values.get(name) or default

    def port(self, name: str) -> int | None:
        """Return a port that was set explicitly; raises `UserError` when it is none."""
        text = self.values.get(name)
        if not text:
            return None
        if not text.isdecimal() or not 0 < int(text) <= HIGHEST_PORT:
            message = f"{name}={text} is not a port; give a number from 1 to {HIGHEST_PORT}"
            raise UserError(message)
        return int(text)

    @property
    def topic(self) -> str:
        """Return the topic orders arrive on."""
        return self.text("KAFKA_TOPIC", "orders")

    @property
    def db_user(self) -> str:
        """Return the database role."""
        return self.text("DB_USER", "postgres")

    @property
    def db_password(self) -> str:
        """Return the database role's password."""
        return self.text("DB_PASSWORD", "postgres")

    @property
    def db_name(self) -> str:
        """Return the database."""
        return self.text("DB_NAME", "orders_db")

    @property
    def mapping_choices(self) -> Mapping[str, str]:
        """Return the choices of the mapping; raises `UserError` when they are not NAME=VALUE,…."""
        text = self.text("MAPPING_CHOICES", "")
        choices = {}
        for choice in filter(None, (part.strip() for part in text.split(","))):
            name, equals, value = choice.partition("=")
            if not equals:
                message = f"MAPPING_CHOICES: {choice} is not NAME=VALUE"
                raise UserError(message)
            choices[name.strip()] = value.strip()
        return choices

    @property
    def own_postgres(self) -> bool:
        """Tell whether the stack starts PostgreSQL itself."""
        return not self.values.get("DB_HOST")

    @property
    def external_db_port(self) -> int:
        """Return the port of the PostgreSQL server that DB_HOST names."""
        return self.port("DB_PORT") or POSTGRES_PORT

    @property
    def own_kafka(self) -> bool:
        """Tell whether the stack starts Kafka itself."""
        return not self.values.get("KAFKA_BROKER")


def load(root: Path = ROOT) -> Settings:
    """Read the settings: the environment wins over `.env`, which wins over `config.env`."""
    values: dict[str, str] = {}
    for name in ("config.env", ".env"):
        values |= {key: value for key, value in dotenv_values(root / name).items() if value}
    values |= os.environ
    home = Path(values.get("DEVSTACK_HOME") or root / ".devstack")
    return Settings(values, home.absolute())


def addresses(settings: Settings) -> Addresses:
    """Choose the addresses: a default that is taken gives way to the next free port.

    Raises `UserError` when a port that was set explicitly is taken.
    """
    chosen = _Ports()
    http_port = settings.port("HTTP_PORT")
    explicit_http = None if http_port is None else (chosen.take("HTTP_PORT", http_port),)
    kafka_port = chosen.free("KAFKA_PORT", settings, KAFKA_PORT) if settings.own_kafka else 0
    return Addresses(
        http_ports=explicit_http or tuple(map(chosen.next_free, HTTP_PORTS)),
        invoke_port=chosen.free("LAMBDA_PORT", settings, INVOKE_PORT),
        aws_port=chosen.free("AWS_PORT", settings, AWS_PORT),
        kafka_broker=settings.text("KAFKA_BROKER", f"{LOCALHOST}:{kafka_port}"),
        kafka_controller_port=chosen.next_free(CONTROLLER_PORT),
        db_host=settings.text("DB_HOST", LOCALHOST),
        db_port=(
            chosen.free("DB_PORT", settings, POSTGRES_PORT)
            if settings.own_postgres
            else settings.external_db_port
        ),
    )


class _Ports:
    def __init__(self) -> None:
        self._taken: set[int] = set()

    def free(self, name: str, settings: Settings, default: int) -> int:
        explicit = settings.port(name)
        return self.next_free(default) if explicit is None else self.take(name, explicit)

    def take(self, name: str, port: int) -> int:
        if not self._is_free(port):
            message = (
                f"port {port} ({name}) is taken by another program; stop that program, or set"
                f" {name} to another port, or leave it unset to use the next free one"
            )
            raise UserError(message)
        self._taken.add(port)
        return port

    def next_free(self, first: int) -> int:
        port = next(port for port in range(first, HIGHEST_PORT) if self._is_free(port))
        self._taken.add(port)
        return port

    def _is_free(self, port: int) -> bool:
        return port not in self._taken and is_free(port)


def is_free(port: int) -> bool:
    """Tell whether nothing listens on a port, on the loopback or on every address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCALHOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nothing listens on; whoever asks at the same time gets another one."""
    with socket.socket() as probe:
        probe.bind((LOCALHOST, 0))
        return int(probe.getsockname()[1])
