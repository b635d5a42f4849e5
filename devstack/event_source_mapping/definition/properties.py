"""The properties of a mapping: CloudFormation's in, a checked configuration out.

What AWS refuses at deployment is refused here, in one line that names mapping and property.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
"""

import re
from uuid import UUID, uuid5

from devstack.errors import UserError
from devstack.event_source_mapping.definition import controls, source
from devstack.event_source_mapping.definition.choices import AS_DEFAULT, Choices
from devstack.event_source_mapping.definition.configuration import (
    DEFAULT_BATCH_SIZE,
    DEFAULT_WINDOW_SECONDS,
    MappingConfiguration,
)
from devstack.event_source_mapping.definition.on_failure import destination
from devstack.event_source_mapping.definition.property_names import check_names, check_resolved
from devstack.event_source_mapping.filtering.filters import Filter
from devstack.event_source_mapping.refusals import (
    Properties,
    RefusedError,
    listed,
    section,
    truth,
    whole_number,
)

MAXIMUM_BATCH_SIZE = 10_000
MAXIMUM_WINDOW_SECONDS = 300

_UUID_NAMESPACE = UUID("6f6eb2c6-3d9b-4c62-9d3e-6d2a1e8d9b57")
_FUNCTION = re.compile(
    r"(arn:[^:]+:lambda:)?([a-z0-9-]+:)?(\d{12}:)?(function:)?[\w.-]+(:(\$LATEST|[\w-]+))?"
)


def parse(
    name: str,
    properties: Properties,
    bootstrap_servers: str | None = None,
    choices: Choices = AS_DEFAULT,
) -> MappingConfiguration:
    """Read the resolved properties of an `AWS::Lambda::EventSourceMapping`.

    `bootstrap_servers` replaces the template's. Raises `UserError`, naming mapping and property.
    """
    try:
        given = {key: value for key, value in properties.items() if value not in (None, "")}
        return _parse(name, given, bootstrap_servers, choices)
    except RefusedError as error:
        message = f"{name}: {error}"
        raise UserError(message) from error


def is_enabled(properties: Properties) -> bool:
    """Tell whether a mapping is to run; one that says nothing else is."""
    return str(properties.get("Enabled", True)).lower() != "false"


def _parse(
    name: str, properties: Properties, bootstrap_servers: str | None, choices: Choices
) -> MappingConfiguration:
    _check(properties, bootstrap_servers)
    topic = source.topic(properties)
    pollers = controls.pollers(properties)
    provisioned = pollers.provisioned
    retries = controls.controls(properties, provisioned=provisioned)
    uuid = _mapping_uuid(name, properties)
    return MappingConfiguration(
        name=name,
        function_name=_function_name(properties),
        topic=topic,
        bootstrap_servers=bootstrap_servers or source.bootstrap_servers(properties),
        consumer_group=source.consumer_group(properties) or uuid,
        starting_position=source.starting_position(properties),
        starting_timestamp_seconds=source.starting_timestamp(properties),
        event_source_arn=source.event_source_arn(properties),
        batch_size=_batch_size(properties),
        window_seconds=_window_seconds(properties),
        uuid=uuid,
        patterns=_patterns(properties),
        pollers=pollers,
        destination=destination(properties, topic, provisioned=provisioned),
        log_level=controls.log_level(properties, provisioned=provisioned),
        choices=choices,
        **retries._asdict(),
    )


def _check(properties: Properties, bootstrap_servers: str | None) -> None:
    """Check what leaves no trace in the configuration."""
    check_names(properties)
    check_resolved(properties, "SelfManagedEventSource" if bootstrap_servers else None)
    source.event_source_arn(properties)
    source.access_types(properties)
    controls.check_metrics(properties)
    truth(properties, "Enabled", default=True)


def _function_name(properties: Properties) -> str:
    if "FunctionName" not in properties:
        message = "FunctionName is missing"
        raise RefusedError(message)
    name = str(properties["FunctionName"])
    if not _FUNCTION.fullmatch(name):
        message = f"FunctionName: {name!r} is neither a function's name nor its ARN"
        raise RefusedError(message)
    return name


def _patterns(properties: Properties) -> tuple[str, ...]:
    """Read FilterCriteria; what AWS refuses of a pattern, the filter refuses."""
    patterns = []
    for given in listed(section(properties, "FilterCriteria", ("Filters",)), "Filters"):
        pattern = section({"Filters": given}, "Filters", ("Pattern",)).get("Pattern")
        if not isinstance(pattern, str):
            message = f"FilterCriteria: Pattern {pattern!r} is not JSON written as text"
            raise RefusedError(message)
        patterns.append(pattern)
    Filter(patterns)
    return tuple(patterns)


def _batch_size(properties: Properties) -> int:
    allowed = range(1, MAXIMUM_BATCH_SIZE + 1)
    return whole_number(properties, "BatchSize", allowed, DEFAULT_BATCH_SIZE)


def _window_seconds(properties: Properties) -> float:
    # Half a second has no number of its own: it is what an unset property means.
    name = "MaximumBatchingWindowInSeconds"
    if name not in properties:
        return DEFAULT_WINDOW_SECONDS
    return whole_number(properties, name, range(MAXIMUM_WINDOW_SECONDS + 1))


def _mapping_uuid(name: str, properties: Properties) -> str:
    """AWS gives a mapping a UUID when it is made; here the same mapping always gets the same."""
    origin = properties.get("EventSourceArn") or properties["SelfManagedEventSource"]
    what = (name, properties.get("FunctionName"), properties["Topics"], origin)
    return str(uuid5(_UUID_NAMESPACE, repr(what)))
