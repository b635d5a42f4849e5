"""The settlement: what came back in; records resolved, sent again or given up out."""

import logging
from random import Random

from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.polling.custody import Custody
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.failures import FailureRules
from devstack.event_source_mapping.polling.given_up import RETRY_ATTEMPTS_EXHAUSTED, GivenUp
from devstack.event_source_mapping.polling.in_flight import InFlight, Landing
from devstack.event_source_mapping.polling.metrics import Metric
from devstack.event_source_mapping.polling.outcome import Outcome
from devstack.event_source_mapping.polling.ports import (
    Clock,
    Delivery,
    Destination,
    Redelivery,
    Reporter,
)
from devstack.event_source_mapping.polling.records import Batch, RecordsByPartition
from devstack.event_source_mapping.polling.response import Judge, Kind, Verdict
from devstack.event_source_mapping.polling.retries import Retries, delay_seconds

_log = logging.getLogger(__name__)


class Settlement:
    """The fates of one poller's batches."""

    def __init__(  # noqa: PLR0913 - parts of one poller, by name
        self,
        configuration: MappingConfiguration,
        *,
        custody: Custody,
        retries: Retries,
        destination: Destination | None,
        redelivery: Redelivery | None,
        reporter: Reporter,
        clock: Clock,
        random: Random,
    ) -> None:
        self._name = configuration.name
        self._choices = configuration.choices
        self._judge = Judge(
            EventFormat.of(configuration), configuration.report_item_failures, self._choices
        )
        self._rules = FailureRules(configuration)
        self._custody = custody
        self._retries = retries
        self._destination = destination
        self._redelivery = redelivery
        self._reporter = reporter
        self._clock = clock
        self._random = random
        self.deliveries = InFlight()
        self.unreached = False
        """The latest batch never ran: more of them at once would not help."""

    def settle(self, landing: Landing, outcome: Outcome) -> None:
        """Decide about a batch that came back."""
        batch, ours = landing
        verdict = self._judge.verdict(batch, outcome)
        self._report(batch, verdict)
        failed = ours.with_records({p: r for p, r in verdict.failed.items() if p in ours.records})
        self._custody.resolve(_less(ours, failed) if failed.records else ours.records)
        if failed.records:
            self._fail(failed, verdict, outcome)

    def give_up(self, batch: Batch, condition: str) -> None:
        """Send records to the destination, or drop them where there is none."""
        if self._destination is None:
            self._drop(batch, condition)
            self._end(batch)
            return
        self.deliveries.depart(batch)
        self._destination.submit(GivenUp(batch, condition))

    def collect(self) -> None:
        """Resolve what the destination is done with."""
        if self._destination is not None:
            for delivery in self._destination.completed():
                self._delivered(delivery)

    def _report(self, batch: Batch, verdict: Verdict) -> None:
        self.unreached = verdict.kind is Kind.UNREACHED
        if verdict.kind is not Kind.UNREACHED:
            self._reporter.count(Metric.INVOKED, len(batch))
        if verdict.kind is Kind.ACCEPTED:
            self._reporter.processed("OK")
            return
        self._reporter.count(Metric.INVOKE_ERROR)
        if verdict.kind is not Kind.UNREACHED:
            self._reporter.count(Metric.FAILED_INVOKE, len(batch))
        self._reporter.processed(f"PROBLEM: {verdict.reason}")

    def _fail(self, failed: Batch, verdict: Verdict, outcome: Outcome) -> None:
        again, exhausted = self._rules.rule(failed, verdict.kind, outcome)
        for batch in again:
            self._retry(batch, verdict)
        if exhausted:
            self.give_up(exhausted, RETRY_ATTEMPTS_EXHAUSTED)

    def _retry(self, batch: Batch, verdict: Verdict) -> None:
        delay = delay_seconds(batch.attempts, self._choices, self._random)
        self._retries.put(batch, self._clock.monotonic() + delay)
        if self._redelivery is not None:
            self._redelivery.retrying(batch, delay)
        what = "not invoked" if verdict.kind is Kind.UNREACHED else "function error"
        one_line = " ".join(verdict.reason.split())
        _log.warning(
            "%s: %s for %s, attempt %d, again in %.1f s: %s",
            *(self._name, what, batch, batch.attempts, delay, one_line),
        )

    def _delivered(self, delivery: Delivery) -> None:
        batch, ours = self.deliveries.land(delivery.given_up.batch.number)
        if delivery.fault is None:
            self._reporter.count(Metric.DELIVERED, len(batch))
        else:
            self._reporter.count(Metric.DELIVERY_ERROR)
            self._reporter.count(Metric.DELIVERY_FAILURES)
            self._drop(batch, f"{delivery.given_up.condition}, not delivered: {delivery.fault}")
        self._end(ours)

    def _end(self, given_up: Batch) -> None:
        if self._redelivery is not None and given_up:
            self._redelivery.gave_up(given_up)
        self._custody.resolve(given_up.records)

    def _drop(self, batch: Batch, why: str) -> None:
        """Count and tell: the only place where records are lost."""
        self._reporter.count(Metric.DROPPED, len(batch))
        _log.error("%s: dropped %s: %s", self._name, batch, why)


def _less(batch: Batch, failed: Batch) -> RecordsByPartition:
    rest = {}
    for partition, records in batch.records.items():
        left_out = {record.offset for record in failed.records.get(partition, ())}
        rest[partition] = [record for record in records if record.offset not in left_out]
    return rest
