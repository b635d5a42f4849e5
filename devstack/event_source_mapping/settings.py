"""The settings of a mapping process: the configuration file's JSON in, one frozen value out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devstack.errors import UserError
from devstack.event_source_mapping.clients.nats.place import Place
from devstack.event_source_mapping.definition.choices import Choices


@dataclass(frozen=True)
class Settings:
    """What the process is told; an `endpoint_url` of None is AWS itself."""

    template: Path
    ready_file: Path
    parameters: Mapping[str, str] = field(default_factory=dict)
    physical: Mapping[str, str] = field(default_factory=dict)
    """What the template's resources are called where they are deployed, by logical ids."""
    functions: Sequence[str] | None = None
    """Logical ids of the functions whose mappings run; None for all of them."""
    endpoint_url: str | None = None
    """Where functions are invoked."""
    aws_endpoint_url: str | None = None
    """Where SQS, SNS and S3 are."""
    bootstrap_servers: str | None = None
    kafka_properties: Mapping[str, Any] = field(default_factory=dict)
    """Of every Kafka client, by librdkafka's names: how to sign in, mostly."""
    nats: Place | None = None
    """The stream that every mapping reads in the place of its Kafka topic."""
    instead: Mapping[str, Any] = field(default_factory=dict)
    """What stands for the template's in every configuration, by its fields: what is deployed may be
    called otherwise there."""
    choices: Choices = field(default_factory=Choices)
    log_level: str | None = None
    """Of the pollers' log events, in the place of every LoggingConfig."""
    status_file: Path | None = None


def read_settings(config: Mapping[str, Any]) -> Settings:
    """Read the configuration file's JSON; its names are those of `Settings`.

    Raises `UserError` for a name that is missing or a choice that is unknown.
    """
    for required in ("template", "ready_file"):
        if required not in config:
            message = f"the configuration file lacks {required!r}"
            raise UserError(message)
    status_file = config.get("status_file")
    return Settings(
        template=Path(config["template"]),
        ready_file=Path(config["ready_file"]),
        parameters=config.get("parameters", {}),
        physical=config.get("physical", {}),
        functions=config.get("functions"),
        endpoint_url=config.get("endpoint_url"),
        aws_endpoint_url=config.get("aws_endpoint_url"),
        bootstrap_servers=config.get("bootstrap_servers"),
        kafka_properties=config.get("kafka_properties", {}),
        nats=_place(config.get("nats")),
        choices=Choices.of(config.get("choices", {})),
        log_level=config.get("log_level"),
        status_file=Path(status_file) if status_file else None,
    )


def _place(given: Mapping[str, str | None] | None) -> Place | None:
    if given is None:
        return None
    url, stream, credentials = (given.get(name) for name in ("url", "stream", "credentials"))
    if not url or not stream:
        message = "the configuration file's 'nats' lacks 'url' or 'stream'"
        raise UserError(message)
    return Place(url, stream, credentials)
