"""The deployment: both templates in, what an estimate takes from them out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devstack import template
from devstack.event_source_mapping.definition import properties
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.intrinsics import Resolver
from devstack.sam import document, parameters
from devstack.settings import ROOT
from devstack.stack import TEMPLATE

INFRASTRUCTURE = ROOT / "infrastructure.yaml"

_GIVEN = {"KafkaBootstrapServers": "broker.example:9092"}


@dataclass(frozen=True)
class Deployment:
    """What the templates say unless somebody deploys with other parameters."""

    mapping: MappingConfiguration
    memory_mb: Mapping[str, int]
    """Logical id of a function → its memory."""
    reserved: Mapping[str, int]
    """Logical id → reserved concurrency, of those that have one."""
    alarms: int
    partitions: int
    broker: str
    disk_gigabytes: int
    minimum_acus: float


def read() -> Deployment:
    """Read both templates with their defaults, and a broker, so that there is a mapping."""
    described = template.read(TEMPLATE, _GIVEN)
    ((name, mapping),) = described.mappings.items()
    functions = described.functions
    defaults = _content(INFRASTRUCTURE)["Parameters"]
    return Deployment(
        mapping=properties.parse(name, mapping),
        memory_mb={each: functions[each].memory_megabytes for each in functions},
        reserved={
            each: reserved
            for each in functions
            if (reserved := functions[each].concurrency) is not None
        },
        alarms=_alarms(_content(TEMPLATE)),
        partitions=defaults["KafkaPartitions"]["Default"],
        broker=defaults["KafkaInstanceType"]["Default"],
        disk_gigabytes=defaults["KafkaVolumeGigabytes"]["Default"],
        minimum_acus=defaults["DatabaseMinCapacity"]["Default"],
    )


def _alarms(content: Mapping[str, Any]) -> int:
    values = parameters.values(content["Parameters"], _GIVEN)
    made = Resolver(values, content["Conditions"])
    return sum(
        resource["Type"] == "AWS::CloudWatch::Alarm" and made.holds(resource["Condition"])
        for resource in content["Resources"].values()
    )


def _content(path: Path) -> dict[str, Any]:
    return document.load(path.read_text(encoding="utf-8"))
