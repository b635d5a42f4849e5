"""The status of a mapping: what is known of it in, what a person or a test may see out."""

from collections.abc import Mapping
from typing import Any

from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.pollers import EventPollers
from devstack.event_source_mapping.reporting import lag
from devstack.event_source_mapping.reporting.reporter import MappingReporter


def status(
    configuration: MappingConfiguration,
    reporter: MappingReporter,
    pollers: EventPollers,
    offsets: Mapping[int, lag.Offsets],
) -> Mapping[str, Any]:
    """Return a mapping's state, counts and lag, by AWS's names where it has them."""
    progress = pollers.progress()
    places = lag.partitions(configuration.topic, offsets, progress)
    lags = {f"{configuration.topic}-{p}": partition.lag for p, partition in offsets.items()}
    provisioned = {"ProvisionedPollers": len(pollers)} if configuration.pollers.provisioned else {}
    return {
        "uuid": configuration.uuid,
        "state": reporter.state.state,
        "reason": reporter.state.reason,
        "lastProcessingResult": reporter.state.last_processing_result,
        "function": configuration.function_name,
        "topic": configuration.topic,
        "group": configuration.consumer_group,
        "pollers": len(pollers),
        "metrics": {**reporter.metrics.totals(), **provisioned},
        "lag": {
            **lag.totals(offsets, progress),
            "partitions": {name: {**place, "lag": lags[name]} for name, place in places.items()},
        },
        "heldBytes": pollers.held_bytes,
    }
