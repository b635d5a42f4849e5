"""The metrics of a mapping: counts in, totals by AWS's names out.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from threading import Lock


class Metric(StrEnum):
    """What is counted; the text is AWS's name."""

    POLLED = "PolledEventCount"
    FILTERED_OUT = "FilteredOutEventCount"
    INVOKED = "InvokedEventCount"
    FAILED_INVOKE = "FailedInvokeEventCount"
    DROPPED = "DroppedEventCount"
    DELIVERED = "OnFailureDestinationDeliveredEventCount"
    COMMITTED = "CommittedEventCount"
    POLLING_ERROR = "PollingErrorCount"
    INVOKE_ERROR = "InvokeErrorCount"
    COMMIT_ERROR = "CommitErrorCount"
    DELIVERY_FAILURES = "DestinationDeliveryFailures"
    DELIVERY_ERROR = "OnFailureDestinationDeliveryErrorCount"


class Metrics:
    """Totals since the process began, counted by the pollers' threads."""

    def __init__(self) -> None:
        self._counts: Counter[Metric] = Counter(dict.fromkeys(Metric, 0))
        self._lock = Lock()

    def count(self, metric: Metric, number: int = 1) -> None:
        """Add to a total."""
        with self._lock:
            self._counts[metric] += number

    def totals(self) -> Mapping[str, int]:
        """Return every total by its name."""
        with self._lock:
            return {str(metric): number for metric, number in self._counts.items()}
