"""An event poller: a poller on a thread of its own, as a member of the consumer group.

It ends by settling what is on its way, committing, and leaving the group.
"""

import logging
import math
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from random import SystemRandom
from threading import Event, Thread
from typing import TYPE_CHECKING, NamedTuple

from confluent_kafka import KafkaException

from devstack.event_source_mapping.clients.invoker import LambdaInvoker, lambda_client
from devstack.event_source_mapping.clients.membership import free_member
from devstack.event_source_mapping.clients.refused import SourceRefusedError
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.destinations.delivery import destination_for
from devstack.event_source_mapping.polling.checkpoint import Progress
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.poller import Poller
from devstack.event_source_mapping.polling.ports import Destination
from devstack.event_source_mapping.reporting.reporter import MappingReporter
from devstack.event_source_mapping.settings import Settings
from devstack.event_source_mapping.sources import SourceConsumer, source_of

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

LOOK_SECONDS = 0.1
"""How often a poller is looked at, by its own thread: nobody else may touch it."""

_log = logging.getLogger(__name__)


class Seen(NamedTuple):
    """What was seen of a poller."""

    progress: Mapping[int, Progress] = {}
    held_bytes: int = 0
    saturated: bool = False


class EventPoller(Thread):
    """One event poller at work; it dies with the process, whatever it is waiting for.

    `belongings` are let go of when nothing of the poller is in the group any more.
    """

    def __init__(
        self,
        poller: Poller,
        consumer: SourceConsumer,
        reporter: MappingReporter,
        belongings: ExitStack,
    ) -> None:
        super().__init__(name=consumer.member, daemon=True)
        self._poller = poller
        self._consumer = consumer
        self._reporter = reporter
        self._belongings = belongings
        self._leaving = Event()
        self._patient_until = math.inf
        self._look_at = 0.0
        self.seen = Seen()
        self.oldest: Mapping[int, int] = {}
        """The first offset that the topic still keeps, by partition, as last told."""
        self.fault: BaseException | None = None

    @property
    def settled(self) -> bool:
        """Tell whether partitions were assigned, or the topic is known not to be there yet."""
        return self._consumer.settled

    @property
    def is_leaving(self) -> bool:
        """Tell whether it was told to leave."""
        return self._leaving.is_set()

    def leave(self, within_seconds: float) -> None:
        """Settle what is on its way, for so long at most, and leave the group; do not wait."""
        self._patient_until = min(self._patient_until, time.monotonic() + within_seconds)
        self._leaving.set()

    def run(self) -> None:
        """Step until told to leave."""
        try:
            with self._belongings:
                self._work()
        except BaseException as fault:  # noqa: BLE001 - the main thread raises it
            self.fault = fault

    def _work(self) -> None:
        try:
            self._poll()
        except SourceRefusedError as refusal:
            self._reporter.stop(refusal.reason, str(refusal))
            with suppress(KafkaException):  # brokers that refuse need not be left
                self._consumer.close()
        else:
            self._consumer.close()

    def _poll(self) -> None:
        self._poller.start()
        while not self._leaving.is_set():
            self._poller.step()
            self._look()
        self._poller.stop()
        while self._is_owed_something() and time.monotonic() < self._patient_until:
            self._poller.step()

    def _is_owed_something(self) -> bool:
        return bool(self._poller.in_flight or self._consumer.commits_on_their_way)

    def _look(self) -> None:
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        poller = self._poller
        poller.expire(self.oldest)
        self.seen = Seen(poller.progress(), poller.held_bytes, poller.saturated)


def start_event_poller(
    settings: Settings,
    configuration: MappingConfiguration,
    function_timeout_seconds: int,
    reporter: MappingReporter,
) -> EventPoller:
    """Start one more event poller of a mapping."""
    with ExitStack() as stack:
        name = configuration.uuid or configuration.name
        member = stack.enter_context(free_member(settings.ready_file.parent, name))
        own_reporter = reporter.for_poller(member)
        reader = source_of(settings).reader(configuration, member.name, own_reporter)
        client = lambda_client(settings.endpoint_url, function_timeout_seconds)
        poller = Poller(
            configuration,
            consumer=reader.consumer,
            invoker=_invoker(client, configuration, stack),
            clock=time,
            random=SystemRandom(),
            reporter=own_reporter,
            destination=_destination(settings, configuration, stack),
            redelivery=reader.redelivery,
        )
        _log.info(
            "%s: %s of %s → %s, group %s, member %s",
            *(configuration.name, configuration.topic, configuration.bootstrap_servers),
            *(configuration.function_name, configuration.consumer_group, member.name),
        )
        event_poller = EventPoller(poller, reader.consumer, reporter, stack.pop_all())
    event_poller.start()
    return event_poller


def _invoker(
    client: "LambdaClient", configuration: MappingConfiguration, stack: ExitStack
) -> LambdaInvoker:
    event_format = EventFormat.of(configuration)
    invoker = LambdaInvoker(client, configuration.function_name, event_format)
    stack.callback(invoker.close)
    return invoker


def _destination(
    settings: Settings, configuration: MappingConfiguration, stack: ExitStack
) -> Destination | None:
    destination = destination_for(
        configuration, settings.aws_endpoint_url, settings.kafka_properties
    )
    if destination:
        stack.callback(destination.close)
    return destination
