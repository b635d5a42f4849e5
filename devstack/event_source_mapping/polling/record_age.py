"""The record age: a batch in, what is young enough for another attempt and what is not out.

https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
"""

from typing import NamedTuple

from devstack.event_source_mapping.definition.choices import AgeFrom
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.polling.ports import Clock
from devstack.event_source_mapping.polling.records import Batch, Record, batch_of


class Sorted(NamedTuple):
    """A batch, divided; None for a part that is empty."""

    young: Batch | None
    old: Batch | None


class AgeLimit:
    """MaximumRecordAgeInSeconds of a mapping, looked at before every attempt."""

    def __init__(self, configuration: MappingConfiguration, clock: Clock) -> None:
        self._seconds = configuration.maximum_record_age_seconds
        self._from = configuration.choices.age_from
        self._clock = clock

    def sort(self, batch: Batch) -> Sorted:
        """Divide a batch."""
        if self._seconds is None:
            return Sorted(batch or None, None)
        young: list[Record] = []
        old: list[Record] = []
        for record in batch:
            (old if self._age_seconds(record) > self._seconds else young).append(record)
        return Sorted(batch_of(young), batch_of(old))

    def _age_seconds(self, record: Record) -> float:
        if self._from is AgeFrom.ARRIVAL:
            return self._clock.monotonic() - record.arrived_at
        return self._clock.time() - record.timestamp_ms / 1000
