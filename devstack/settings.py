"""Settings and addresses: environment, .env and config.env in, what the stack listens on out."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dotenv import dotenv_values

from devstack.errors import UserError
from devstack.ports import HIGHEST_PORT, LOCALHOST, Ports

ROOT = Path(__file__).parent.parent
LONGEST_INGEST_SECONDS = 840
"""https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-configure.html: 14 minutes."""

HTTP_PORTS = (8080, 8081)
INVOKE_PORT = 3001
AWS_PORT = 5555
KAFKA_PORT = 9092
POSTGRES_PORT = 5432
NATS_PORT = 4222
CACHE_PORT = 6379
LOCALSTACK_PORT = 4566

_STREAM = re.compile(r"[A-Za-z0-9_-]{1,255}")
_LOCAL_ENDPOINT = re.compile(r"http://(?:127\.0\.0\.1|localhost):(\d+)/?")


class Source(StrEnum):
    """Where orders come from."""

    KAFKA = "kafka"
    NATS = "nats"


@dataclass(frozen=True)
class Addresses:
    """Where everything listens (all on 127.0.0.1 unless a server of the user's is named)."""

    http_ports: tuple[int, ...]
    invoke_port: int
    aws_port: int
    kafka_broker: str
    """Empty where NATS is the source."""
    kafka_controller_port: int
    db_host: str
    db_port: int
    nats_url: str = ""
    """Empty where Kafka is the source."""
    cache_url: str = ""
    """Of the second-level cache; empty for none."""

    @property
    def source(self) -> Source:
        """Return where orders come from."""
        return Source.NATS if self.nats_url else Source.KAFKA


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
        return _number(name, text, "a port", HIGHEST_PORT) if text else None

    @property
    def source(self) -> Source:
        """Return where orders come from; raises `UserError` for what is no source."""
        text = self.text("SOURCE", Source.KAFKA)
        try:
            return Source(text)
        except ValueError as error:
            message = f"SOURCE={text} is none of {', '.join(Source)}"
            raise UserError(message) from error

    @property
    def topic(self) -> str:
        """Return the topic orders arrive on."""
        return self.text("KAFKA_TOPIC", "orders")

    @property
    def nats_stream(self) -> str:
        """Return the stream orders arrive on when NATS is the source."""
        name = self.text("NATS_STREAM", "orders")
        if not _STREAM.fullmatch(name):
            message = f"NATS_STREAM={name} is no stream's name: letters, digits, - and _"
            raise UserError(message)
        return name

    @property
    def nats_credentials(self) -> str | None:
        """Return the file that signs in to NATS_URL; None when nothing does."""
        return self.values.get("NATS_CREDENTIALS") or None

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
    def db_proxy(self) -> tuple[str, int] | None:
        """Return through what the functions reach the database; None: nothing is between them."""
        text = self.values.get("DB_PROXY")
        if not text:
            return None
        host, _, port = text.rpartition(":")
        if not host or not _is_number(port, HIGHEST_PORT):
            message = f"DB_PROXY={text} is not host:port"
            raise UserError(message)
        return host, int(port)

    @property
    def ingest_timeout_seconds(self) -> int | None:
        """Return the time-out of the ingest function, if one was set."""
        name = "INGEST_TIMEOUT_SECONDS"
        text = self.values.get(name)
        return _number(name, text, "a time-out", LONGEST_INGEST_SECONDS) if text else None

    @property
    def function_code(self) -> Mapping[str, Path]:
        """Return folders of code by the functions they stand in for."""
        pairs = self._pairs("FUNCTION_CODE", "FUNCTION=FOLDER")
        return {name: _folder("FUNCTION_CODE", path) for name, path in pairs.items()}

    @property
    def function_layers(self) -> tuple[Path, ...]:
        """Return folders that every function has on its path."""
        return tuple(_folder("FUNCTION_LAYERS", path) for path in self._list("FUNCTION_LAYERS"))

    @property
    def mapping_choices(self) -> Mapping[str, str]:
        """Return the choices of the mapping; raises `UserError` when they are not NAME=VALUE,…."""
        return self._pairs("MAPPING_CHOICES", "NAME=VALUE")

    def _list(self, name: str) -> list[str]:
        parts = (part.strip() for part in self.text(name, "").split(","))
        return [part for part in parts if part]

    def _pairs(self, setting: str, form: str) -> Mapping[str, str]:
        pairs = {}
        for pair in self._list(setting):
            name, equals, value = pair.partition("=")
            if not equals:
                message = f"{setting}: {pair} is not {form}"
                raise UserError(message)
            pairs[name.strip()] = value.strip()
        return pairs

    @property
    def own_postgres(self) -> bool:
        """Tell whether the stack starts PostgreSQL itself."""
        return not self.values.get("DB_HOST")

    @property
    def external_db_port(self) -> int:
        """Return the port of the PostgreSQL server that DB_HOST names."""
        return self.port("DB_PORT") or POSTGRES_PORT

    @property
    def own_localstack(self) -> bool:
        """Tell whether a stack on LocalStack starts it itself."""
        return not self.values.get("LOCALSTACK_ENDPOINT")

    @property
    def external_localstack_port(self) -> int:
        """Return the port of the LocalStack that LOCALSTACK_ENDPOINT names.

        Raises `UserError` when it is not on this machine.
        """
        text = self.values.get("LOCALSTACK_ENDPOINT", "")
        found = _LOCAL_ENDPOINT.fullmatch(text)
        if found is None:
            message = f"LOCALSTACK_ENDPOINT={text} is not http://{LOCALHOST}:PORT"
            raise UserError(message)
        return _number("LOCALSTACK_ENDPOINT", found[1], "an address with a port", HIGHEST_PORT)

    @property
    def own_kafka(self) -> bool:
        """Tell whether the stack starts Kafka itself."""
        return self.source is Source.KAFKA and not self.values.get("KAFKA_BROKER")

    @property
    def own_nats(self) -> bool:
        """Tell whether the stack starts NATS itself."""
        return self.source is Source.NATS and not self.values.get("NATS_URL")

    @property
    def own_cache(self) -> bool:
        """Tell whether the stack starts Valkey itself; raises `UserError` for another cache."""
        text = self.values.get("CACHE")
        if text not in {None, "", "none", "valkey"}:
            message = f"CACHE={text} is neither valkey nor none; a cache of yours is CACHE_URL"
            raise UserError(message)
        return text == "valkey" and not self.values.get("CACHE_URL")


def _is_number(text: str, most: int) -> bool:
    return text.isdecimal() and 0 < int(text) <= most


def _number(name: str, text: str, what: str, most: int) -> int:
    if not _is_number(text, most):
        message = f"{name}={text} is not {what}; give a number from 1 to {most}"
        raise UserError(message)
    return int(text)


def _folder(name: str, text: str) -> Path:
    folder = Path(text).absolute()
    if not folder.is_dir():
        message = f"{name}: {text} is no folder"
        raise UserError(message)
    return folder


def load(root: Path = ROOT) -> Settings:
    """Read the settings: the environment wins over `.env`, which wins over `config.env`."""
    values: dict[str, str] = {}
    for name in ("config.env", ".env"):
        values |= {key: value for key, value in dotenv_values(root / name).items() if value}
    values |= os.environ
    home = Path(values.get("DEVSTACK_HOME") or root / ".devstack")
    return Settings(values, home.absolute())


def addresses(settings: Settings, *, on_localstack: bool = False) -> Addresses:
    """Choose the addresses: a default that is taken gives way to the next free port.

    LocalStack has functions and S3 on the same port.

    Raises `UserError` when a port that was set explicitly is taken.
    """
    chosen = Ports()
    given = settings.port
    http_port = given("HTTP_PORT")
    explicit_http = None if http_port is None else (chosen.take("HTTP_PORT", http_port),)
    kafka_port = (
        chosen.free("KAFKA_PORT", given("KAFKA_PORT"), KAFKA_PORT) if settings.own_kafka else 0
    )
    invoke_port, aws_port = _aws_ports(chosen, settings, on_localstack=on_localstack)
    nats_url = settings.text("NATS_URL", "") if settings.source is Source.NATS else ""
    if settings.own_nats:
        port = chosen.free("NATS_PORT", given("NATS_PORT"), NATS_PORT)
        nats_url = f"nats://{LOCALHOST}:{port}"
    cache_url = settings.text("CACHE_URL", "")
    if settings.own_cache:
        port = chosen.free("CACHE_PORT", given("CACHE_PORT"), CACHE_PORT)
        cache_url = f"valkey://{LOCALHOST}:{port}"
    return Addresses(
        http_ports=explicit_http or tuple(map(chosen.next_free, HTTP_PORTS)),
        invoke_port=invoke_port,
        aws_port=aws_port,
        kafka_broker=(
            settings.text("KAFKA_BROKER", f"{LOCALHOST}:{kafka_port}")
            if settings.source is Source.KAFKA
            else ""
        ),
        db_host=settings.text("DB_HOST", LOCALHOST),
        db_port=(
            chosen.free("DB_PORT", given("DB_PORT"), POSTGRES_PORT)
            if settings.own_postgres
            else settings.external_db_port
        ),
        # After the broker's, which tells stacks apart that start at the same time; and last, since
        # nobody chooses it.
        kafka_controller_port=chosen.next_free(kafka_port + 1) if settings.own_kafka else 0,
        nats_url=nats_url,
        cache_url=cache_url,
    )


def _aws_ports(chosen: Ports, settings: Settings, *, on_localstack: bool) -> tuple[int, int]:
    if not on_localstack:
        invoke_port = chosen.free("LAMBDA_PORT", settings.port("LAMBDA_PORT"), INVOKE_PORT)
        return invoke_port, chosen.free("AWS_PORT", settings.port("AWS_PORT"), AWS_PORT)
    if not settings.own_localstack:
        return (settings.external_localstack_port,) * 2
    return (chosen.free("AWS_PORT", settings.port("AWS_PORT"), LOCALSTACK_PORT),) * 2
