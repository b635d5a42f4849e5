"""The intake: consumed records in, those the function is to see into the batcher.

Poll, filter, then batch: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from collections.abc import Sequence

from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.filtering.filters import Filter
from devstack.event_source_mapping.polling.batcher import Batcher
from devstack.event_source_mapping.polling.custody import Custody
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.given_up import MAXIMUM_PAYLOAD_SIZE_EXCEEDED
from devstack.event_source_mapping.polling.metrics import Metric
from devstack.event_source_mapping.polling.ports import Reporter
from devstack.event_source_mapping.polling.records import (
    Batch,
    ConsumedRecord,
    Record,
    by_partition,
)
from devstack.event_source_mapping.polling.settlement import Settlement


class Intake:
    """The way of polled records into one poller."""

    def __init__(
        self,
        configuration: MappingConfiguration,
        *,
        custody: Custody,
        batcher: Batcher,
        settlement: Settlement,
        reporter: Reporter,
    ) -> None:
        self._format = EventFormat.of(configuration)
        self._filter = Filter(configuration.patterns) if configuration.patterns else None
        self._tombstones_pass = configuration.choices.tombstones_pass_filters
        self._batches_filtered = configuration.choices.filtered_records_fill_batches
        self._custody = custody
        self._batcher = batcher
        self._settlement = settlement
        self._reporter = reporter

    def receive(self, consumed: Sequence[ConsumedRecord], now: float) -> None:
        """Take in the records of assigned partitions; `now` is monotonic seconds."""
        ours = [raw for raw in consumed if raw.partition in self._custody.partitions]
        self._reporter.count(Metric.POLLED, len(ours))
        for raw in ours:
            passes = self._passes(raw.value)
            # What goes no further than here is not written out.
            encoded = self._format.encode(raw) if passes or self._batches_filtered else b""
            record = Record(
                *(raw.partition, raw.offset, raw.timestamp_ms, encoded, now), passes_filter=passes
            )
            self._custody.hold(record)
            self._sort(record)

    def without_filtered(self, batch: Batch) -> Batch:
        """Return a batch less the records the filter removed; they need nothing more."""
        if not self._batches_filtered:
            return batch
        self._custody.pass_over(by_partition(r for r in batch if not r.passes_filter))
        return batch.with_records(by_partition(r for r in batch if r.passes_filter))

    def _passes(self, value: bytes | None) -> bool:
        if self._filter is None or (value is None and self._tombstones_pass):
            return True
        return self._filter.passes(value)

    def _sort(self, record: Record) -> None:
        if not record.passes_filter:
            self._filter_out(record)
        elif self._format.fits_alone(record):
            self._batcher.add(record)
        else:
            self._settlement.give_up(_alone(record), MAXIMUM_PAYLOAD_SIZE_EXCEEDED)

    def _filter_out(self, record: Record) -> None:
        self._reporter.count(Metric.FILTERED_OUT)
        if self._batches_filtered and self._format.fits_alone(record):
            self._batcher.add(record)
        else:
            self._custody.pass_over(_alone(record).records)


def _alone(record: Record) -> Batch:
    return Batch({record.partition: [record]})
