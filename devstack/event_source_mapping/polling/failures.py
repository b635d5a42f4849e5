"""The rules of failure: a verdict in, what to send again and what to give up out.

https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
"""

from collections.abc import Iterable
from typing import NamedTuple

from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.polling.outcome import Outcome
from devstack.event_source_mapping.polling.records import Batch, Record, batch_of
from devstack.event_source_mapping.polling.response import Kind


class Ruling(NamedTuple):
    """What becomes of the records that failed."""

    again: tuple[Batch, ...]
    """To be sent again; of a partition that two of them hold, the first goes first."""
    exhausted: Batch | None
    """Without retries left."""


class FailureRules:
    """The retry controls of one mapping: retry limit, bisect, and what uses up a retry."""

    def __init__(self, configuration: MappingConfiguration) -> None:
        self._allowed = configuration.allowed_retries
        self._bisects = configuration.bisect_on_function_error
        self._choices = configuration.choices

    def rule(self, failed: Batch, kind: Kind, outcome: Outcome) -> Ruling:
        """Decide about records of one batch that failed together."""
        splits = self._splits(failed, kind)
        counted = self._choices.splits_count if splits else self._counts(kind)
        tried = [
            record._replace(tries=record.tries.after(outcome, counted=counted)) for record in failed
        ]
        again = [record for record in tried if not self._is_exhausted(record)]
        exhausted = [record for record in tried if self._is_exhausted(record)]
        return Ruling(_batches(again, split=splits), batch_of(exhausted))

    def _splits(self, failed: Batch, kind: Kind) -> bool:
        splitting = kind is Kind.FAILED or (
            kind is Kind.PARTIAL and self._choices.bisect_partial_responses
        )
        return self._bisects and splitting and len(failed) > 1

    def _counts(self, kind: Kind) -> bool:
        if kind is Kind.UNREACHED:
            return self._choices.throttles_count
        return kind is Kind.FAILED or self._choices.partial_responses_count

    def _is_exhausted(self, record: Record) -> bool:
        return self._allowed is not None and record.tries.failures > self._allowed


def _batches(records: Iterable[Record], *, split: bool) -> tuple[Batch, ...]:
    batch = batch_of(records)
    if batch is None:
        return ()
    return batch.halves() if split and len(batch) > 1 else (batch,)
