"""The deployment: both templates in, what an estimate takes from them out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devstack import template
from devstack.event_source_mapping.definition import properties
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.sam import document
from devstack.settings import ROOT
from devstack.stack import TEMPLATE

INFRASTRUCTURE = ROOT / "infrastructure.yaml"

_ANY_BROKER = "broker.example:9092"


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
    described = template.read(TEMPLATE, {"KafkaBootstrapServers": _ANY_BROKER})
    ((name, mapping),) = described.mappings.items()
    functions = described.functions
    parameters = _content(INFRASTRUCTURE)["Parameters"]
    return Deployment(
        mapping=properties.parse(name, mapping),
        memory_mb={each: functions[each].memory_megabytes for each in functions},
        reserved={
            each: reserved
            for each in functions
            if (reserved := functions[each].concurrency) is not None
        },
        alarms=sum(
            resource["Type"] == "AWS::CloudWatch::Alarm"
            for resource in _content(TEMPLATE)["Resources"].values()
        ),
        partitions=parameters["KafkaPartitions"]["Default"],
        broker=parameters["KafkaInstanceType"]["Default"],
        disk_gigabytes=parameters["KafkaVolumeGigabytes"]["Default"],
        minimum_acus=parameters["DatabaseMinCapacity"]["Default"],
    )


def _content(path: Path) -> dict[str, Any]:
    return document.load(path.read_text(encoding="utf-8"))
