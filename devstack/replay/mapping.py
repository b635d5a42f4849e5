"""The mapping of the template: settings in, whom a replay invokes by default, and how, out."""

from dataclasses import dataclass, replace

from devstack import template
from devstack.errors import UserError
from devstack.event_source_mapping.definition.configuration import (
    MAXIMUM_FUNCTION_TIMEOUT_SECONDS,
    MappingConfiguration,
)
from devstack.event_source_mapping.definition.properties import parse
from devstack.ports import LOCALHOST
from devstack.settings import KAFKA_PORT, Settings
from devstack.stack import TEMPLATE

_ANY_BROKER = f"{LOCALHOST}:{KAFKA_PORT}"
"""The template has a mapping only where there are brokers; files are replayed without any."""


@dataclass(frozen=True)
class Mapping:
    """The mapping whose events a replay builds, and how long its function may take."""

    configuration: MappingConfiguration
    timeout_seconds: int


def of_template(
    settings: Settings, bootstrap_servers: str | None, topic: str, function: str | None
) -> Mapping:
    """Return the template's mapping, reading `topic` and invoking `function` (None: its own)."""
    parameters = {
        "KafkaTopic": settings.topic,
        "KafkaBootstrapServers": bootstrap_servers or _ANY_BROKER,
    }
    described = template.read(TEMPLATE, parameters)
    if not described.mappings:
        message = f"{TEMPLATE} has no event source mapping; nothing tells how to build events"
        raise UserError(message)
    name, properties = next(iter(described.mappings.items()))
    configuration = parse(name, properties, bootstrap_servers)
    invoked = function or configuration.function_name
    return Mapping(
        replace(configuration, topic=topic, function_name=invoked),
        described.timeouts.get(invoked, MAXIMUM_FUNCTION_TIMEOUT_SECONDS),
    )
