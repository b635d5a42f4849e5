"""The reporter of a mapping: what its pollers tell in, metrics, state and log events out."""

import logging
from collections.abc import Sequence
from itertools import count

from devstack.event_source_mapping.clients.membership import Member
from devstack.event_source_mapping.polling.metrics import Metric, Metrics
from devstack.event_source_mapping.reporting.log_events import LogEvents
from devstack.event_source_mapping.reporting.state import MappingState, Reason

_log = logging.getLogger(__name__)


class MappingReporter:
    """What is known of one mapping; `for_poller` gives each poller its own way to tell it."""

    def __init__(self, name: str, log_events: LogEvents, *, enabled: bool = True) -> None:
        self.name = name
        self.log_events = log_events
        self.metrics = Metrics()
        self.state = MappingState(enabled=enabled)
        self.partitions = 0
        """Of the topic, as last seen."""
        self.generations = count(1)

    def for_poller(self, member: Member) -> "PollerReporter":
        """Return the `Reporter` of one poller."""
        return PollerReporter(self, member)

    def stop(self, reason: str, message: str) -> None:
        """Note that Kafka does not let the mapping in, which is then disabled."""
        self.state.stop(Reason(reason), message)
        _log.error("%s: disabled, %s: %s", self.name, reason, message)


class PollerReporter:
    """What one poller tells."""

    def __init__(self, mapping: MappingReporter, member: Member) -> None:
        self._mapping = mapping
        self._number = member.number
        self.assigned(member.name, ())

    def count(self, metric: Metric, number: int = 1) -> None:
        """Add to a metric."""
        self._mapping.metrics.count(metric, number)

    def processed(self, result: str) -> None:
        """Note the result of the latest invocation: `OK`, or what was wrong."""
        self._mapping.state.last_processing_result = result

    def warn(self, code: str, message: str) -> None:
        """Tell of a fault while polling, invoking, committing or delivering."""
        _log.warning("%s: %s", self._mapping.name, message)
        self._mapping.log_events.processing(self._number, code, message)

    def assigned(self, member: str, partitions: Sequence[int]) -> None:
        """Note which partitions the poller reads now."""
        mapping = self._mapping
        mapping.log_events.poller_status(
            self._number, member, partitions, next(mapping.generations), mapping.partitions
        )
