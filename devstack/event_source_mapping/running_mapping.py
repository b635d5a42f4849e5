"""A mapping that runs: its configuration in, pollers at work and what is to be seen of it out."""

import time
from collections.abc import Mapping
from typing import Any

from devstack.event_source_mapping.clients.invoker import MARGIN_SECONDS
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.event_poller import EventPoller, start_event_poller
from devstack.event_source_mapping.pollers import EventPollers
from devstack.event_source_mapping.reporting import lag
from devstack.event_source_mapping.reporting.log_events import LogEvents
from devstack.event_source_mapping.reporting.reporter import MappingReporter
from devstack.event_source_mapping.reporting.state import State
from devstack.event_source_mapping.scaling import ON_DEMAND_SECONDS, Scaling
from devstack.event_source_mapping.settings import Settings
from devstack.event_source_mapping.sources import source_of
from devstack.event_source_mapping.status import status

PARTITIONS_WITHIN_SECONDS = 3.0
"""How long several pollers wait to learn how many partitions there are before one starts alone."""

KAFKA_STATUS_SECONDS = 60.0
"""How often the offsets are told. …/dg/esm-logging.html"""


class RunningMapping:
    """One mapping, looked after by the main thread; a disabled one does nothing."""

    def __init__(
        self,
        settings: Settings,
        configuration: MappingConfiguration,
        function_timeout_seconds: int,
        *,
        enabled: bool,
    ) -> None:
        source = source_of(settings)
        self._settings = settings
        self._configuration = configuration
        self._timeout_seconds = function_timeout_seconds
        self._reporter = MappingReporter(
            configuration.name,
            LogEvents(configuration, source.client_properties),
            enabled=enabled,
        )
        self._offsets = source.watcher(configuration)
        now = time.monotonic()
        self._alone_at = now + PARTITIONS_WITHIN_SECONDS
        self._tell_offsets_at = now + KAFKA_STATUS_SECONDS
        self._pollers = EventPollers(self._start_poller, self._scaling(now))
        if enabled:
            self._offsets.start()

    @property
    def settled(self) -> bool:
        """Tell whether it reads, or never will."""
        return self._reporter.state.state is not State.CREATING

    def look_after(self) -> None:
        """Do what is due; raises what ended a poller."""
        if self._reporter.state.state is State.DISABLED:
            self.leave(self._patience_seconds)
            return
        offsets = self._offsets.offsets
        self._reporter.partitions = len(offsets)
        self._pollers.expire({number: partition.begin for number, partition in offsets.items()})
        if self._may_start():
            behind = sum(partition.lag for partition in offsets.values())
            self._pollers.scale(behind, len(offsets), self._patience_seconds)
        if self._pollers.settled:
            self._reporter.state.enable()
        self._tell_offsets()

    def status(self) -> Mapping[str, Any]:
        """Return what is to be seen of it."""
        return status(self._configuration, self._reporter, self._pollers, self._offsets.offsets)

    def leave(self, within_seconds: float) -> None:
        """Stop reading, for good; do not wait."""
        self._offsets.stop()
        self._pollers.leave(within_seconds)

    def join(self, deadline: float) -> None:
        """Wait until `deadline`, monotonic seconds, for what is on its way."""
        self._pollers.join(deadline)

    @property
    def _patience_seconds(self) -> float:
        return self._timeout_seconds + MARGIN_SECONDS

    def _scaling(self, now: float) -> Scaling:
        pollers = self._configuration.pollers
        chosen = self._configuration.choices.scale_seconds
        return Scaling(pollers, chosen if pollers.provisioned else ON_DEMAND_SECONDS, now)

    def _may_start(self) -> bool:
        alone = self._configuration.pollers.minimum == 1
        return alone or self._offsets.looked.is_set() or time.monotonic() > self._alone_at

    def _start_poller(self) -> EventPoller:
        return start_event_poller(
            self._settings, self._configuration, self._timeout_seconds, self._reporter
        )

    def _tell_offsets(self) -> None:
        now = time.monotonic()
        if now < self._tell_offsets_at:
            return
        self._tell_offsets_at = now + KAFKA_STATUS_SECONDS
        topic, progress = self._configuration.topic, self._pollers.progress()
        self._reporter.log_events.kafka_status(
            lag.partitions(topic, self._offsets.offsets, progress)
        )
