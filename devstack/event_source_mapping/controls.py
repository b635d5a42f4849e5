"""The controls of a mapping: properties in, nothing out but the reason AWS, or we, refuse them.

https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

PROVISIONED_ONLY = (
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
)
"""Retry controls AWS offers to provisioned pollers only. …/dg/kafka-scaling-modes.html"""

NOT_SUPPORTED_YET: Mapping[str, Collection[object]] = {
    "BisectBatchOnFunctionError": (False,),
    "DestinationConfig": ({}, {"OnFailure": {}}, {"OnFailure": {"Destination": ""}}),
    "FilterCriteria": ({}, {"Filters": []}),
    "MaximumRecordAgeInSeconds": (-1,),
    "MaximumRetryAttempts": (-1,),
}
"""Properties this mapping does not obey yet, with the values that ask for nothing."""

Properties = Mapping[str, Any]


class RefusedError(Exception):
    """What is wrong with a property; the mapping's name is added where it is known."""


def check_controls(properties: Properties) -> None:
    """Raise `RefusedError` for what AWS refuses, or what this mapping would not obey."""
    _check_provisioned(properties)
    _check_supported(properties)
    _check_pollers(properties.get("ProvisionedPollerConfig", {}))
    unknown = set(properties.get("FunctionResponseTypes", ())) - {"ReportBatchItemFailures"}
    if unknown:
        message = f"FunctionResponseTypes: only ReportBatchItemFailures is known, not {unknown}"
        raise RefusedError(message)


def _check_provisioned(properties: Properties) -> None:
    used = [control for control in PROVISIONED_ONLY if _asks_for_something(properties, control)]
    if used and not properties.get("ProvisionedPollerConfig"):
        message = f"{', '.join(used)}: only with MinimumPollers in ProvisionedPollerConfig"
        raise RefusedError(message)


def _check_supported(properties: Properties) -> None:
    source = source_settings(properties)
    used = [control for control in NOT_SUPPORTED_YET if _asks_for_something(properties, control)]
    if source.get("SchemaRegistryConfig"):
        used.append("SchemaRegistryConfig")
    if source.get("ConsumptionMode", "Stream") != "Stream":
        used.append("ConsumptionMode Queue")
    if used:
        message = f"{', '.join(used)}: not supported by the local mapping yet"
        raise RefusedError(message)


def _asks_for_something(properties: Properties, control: str) -> bool:
    return control in properties and properties[control] not in NOT_SUPPORTED_YET.get(control, ())


def _check_pollers(pollers: Properties) -> None:
    least = whole_number(pollers, "MinimumPollers", range(1, 201), 1)
    most = whole_number(pollers, "MaximumPollers", range(1, 2001), 200)
    if least > most:
        message = f"MinimumPollers: {least} is more than MaximumPollers, {most}"
        raise RefusedError(message)


def source_settings(properties: Properties) -> Properties:
    """Return the settings that MSK and self-managed sources keep under names of their own."""
    own = properties.get("SelfManagedKafkaEventSourceConfig", {})
    return {**own, **properties.get("AmazonManagedKafkaEventSourceConfig", {})}


def whole_number(
    properties: Properties, name: str, allowed: range, default: int | None = None
) -> int:
    """Read a number that may be written as text; raises `RefusedError` when it is not allowed."""
    value = properties.get(name, default)
    if not re.fullmatch(r"-?\d+", str(value)) or int(value) not in allowed:
        message = f"{name}: {value!r} is not a whole number from {allowed[0]} to {allowed[-1]}"
        raise RefusedError(message)
    return int(value)
