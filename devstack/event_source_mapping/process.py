"""The composition of the mapping process: settings in, a poller on a thread for every mapping.

A poller that fails ends the process, and the supervisor starts it anew: nothing was committed that
the function had not accepted.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from threading import Event, Thread
from typing import Any, Self

from devstack import template
from devstack.errors import UserError
from devstack.event_source_mapping.configuration import (
    MAXIMUM_FUNCTION_TIMEOUT_SECONDS,
    MappingConfiguration,
    check_function_timeout,
)
from devstack.event_source_mapping.consumer import KafkaConsumer
from devstack.event_source_mapping.invoker import LambdaInvoker, lambda_client
from devstack.event_source_mapping.membership import member_name
from devstack.event_source_mapping.poller import Poller
from devstack.event_source_mapping.properties import parse
from devstack.event_source_mapping.retries import RetryDelays

GRACE_SECONDS = 3.5
"""How long a stop waits for batches on their way and for the last commit."""

CLOSE_SECONDS = 1.0
WATCH_SECONDS = 0.1

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What the process is told; `endpoint_url` None is AWS itself."""

    template: Path
    ready_file: Path
    parameters: Mapping[str, str] = field(default_factory=dict)
    endpoint_url: str | None = None
    bootstrap_servers: str | None = None
    retry_delays: RetryDelays = field(default_factory=RetryDelays)


def read_settings(config: Mapping[str, Any]) -> Settings:
    """Read the configuration file's JSON; names are those of `Settings`."""
    for required in ("template", "ready_file"):
        if required not in config:
            message = f"the configuration file lacks {required!r}"
            raise UserError(message)
    return Settings(
        template=Path(config["template"]),
        ready_file=Path(config["ready_file"]),
        parameters=config.get("parameters", {}),
        endpoint_url=config.get("endpoint_url"),
        bootstrap_servers=config.get("bootstrap_servers"),
        retry_delays=RetryDelays(**config.get("retry_delays", {})),
    )


def run(settings: Settings, stopping: Event) -> None:
    """Run every enabled mapping of the template until `stopping` is set.

    Raises `UserError` when a mapping is refused, and what ended a poller.
    """
    settings.ready_file.unlink(missing_ok=True)
    plan = _mappings(settings)
    with ExitStack() as members:
        running = [_start(settings, *mapping, members, stopping) for mapping in plan]
        _watch(running, settings.ready_file, stopping)
    settings.ready_file.unlink(missing_ok=True)


def _mappings(settings: Settings) -> Sequence[tuple[MappingConfiguration, int]]:
    """Return each mapping with the time-out of its function, in seconds."""
    described = template.read(settings.template, settings.parameters)
    mappings = []
    for name, properties in described.mappings.items():
        if str(properties.get("Enabled", True)).lower() == "false":
            _log.info("%s: not enabled", name)
            continue
        configuration = parse(name, properties, settings.bootstrap_servers)
        function = described.functions.get(configuration.function_name)
        timeout = function.timeout_seconds if function else MAXIMUM_FUNCTION_TIMEOUT_SECONDS
        check_function_timeout(configuration, timeout)
        mappings.append((configuration, timeout))
    return mappings


class _RunningMapping(Thread):
    """A poller on its thread; it dies with the process, whatever it is waiting for."""

    def __init__(self, poller: Poller, consumer: KafkaConsumer, stopping: Event) -> None:
        super().__init__(daemon=True)
        self._poller = poller
        self._consumer = consumer
        self._stopping = stopping
        self.fault: BaseException | None = None

    @property
    def settled(self) -> bool:
        return self._consumer.settled

    def begin(self) -> Self:
        self.start()
        return self

    def run(self) -> None:
        try:
            self._poller.start()
            while not self._stopping.is_set():
                self._poller.step()
            self._finish()
        except BaseException as fault:  # noqa: BLE001 - `_watch` raises it in the main thread
            self.fault = fault

    def _finish(self) -> None:
        self._poller.stop()
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and (
            self._poller.in_flight or self._consumer.commits_on_their_way
        ):
            self._poller.step()
        self._consumer.close()


def _start(
    settings: Settings,
    configuration: MappingConfiguration,
    function_timeout_seconds: int,
    members: ExitStack,
    stopping: Event,
) -> _RunningMapping:
    member = members.enter_context(member_name(settings.ready_file.parent, configuration.name))
    client = lambda_client(settings.endpoint_url, function_timeout_seconds)
    consumer = KafkaConsumer(configuration, member)
    poller = Poller(
        configuration,
        consumer=consumer,
        invoker=LambdaInvoker(client, configuration.function_name, configuration.event_format()),
        clock=time,
        random=SystemRandom(),
        retry_delays=settings.retry_delays,
    )
    _log.info(
        "%s: %s of %s → %s, group %s, member %s",
        *(configuration.name, configuration.topic, configuration.bootstrap_servers),
        *(configuration.function_name, configuration.consumer_group, member),
    )
    return _RunningMapping(poller, consumer, stopping).begin()


def _watch(running: Sequence[_RunningMapping], ready_file: Path, stopping: Event) -> None:
    ready = False
    while not stopping.wait(WATCH_SECONDS):
        _raise_fault(running)
        if not ready and all(mapping.settled for mapping in running):
            ready_file.touch()
            ready = True
    deadline = time.monotonic() + GRACE_SECONDS + CLOSE_SECONDS
    for mapping in running:
        mapping.join(max(0.0, deadline - time.monotonic()))
    _raise_fault(running)


def _raise_fault(running: Sequence[_RunningMapping]) -> None:
    for mapping in running:
        if mapping.fault is not None:
            raise mapping.fault
