"""The composition of the mapping process: settings in, every mapping of a template running.

A poller that fails ends the process, and the supervisor starts it anew: nothing was committed that
the function had not accepted. One that Kafka refuses only disables its mapping.
"""

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Event
from typing import Any

from devstack import private_file, template
from devstack.errors import UserError
from devstack.event_source_mapping.definition.configuration import (
    MAXIMUM_FUNCTION_TIMEOUT_SECONDS,
    check_function_timeout,
)
from devstack.event_source_mapping.definition.properties import is_enabled, parse
from devstack.event_source_mapping.running_mapping import RunningMapping
from devstack.event_source_mapping.settings import Settings
from devstack.event_source_mapping.sources import source_of
from devstack.template import Properties, Template

GRACE_SECONDS = 3.5
"""How long a stop waits for batches on their way and for the last commit."""

CLOSE_SECONDS = 1.0
WATCH_SECONDS = 0.05
STATUS_SECONDS = 1.0

_log = logging.getLogger(__name__)


def run(settings: Settings, stopping: Event) -> None:
    """Run every enabled mapping of the template until `stopping` is set.

    Raises `UserError` when a mapping is refused, and what ended a poller.
    """
    _forget(settings)
    mappings = dict(_mappings(settings))
    try:
        _look_after(settings, mappings, stopping)
    except BaseException:
        for mapping in mappings.values():
            mapping.leave(within_seconds=0)
        raise
    _leave(mappings.values())
    _forget(settings)


def _mappings(settings: Settings) -> Iterator[tuple[str, RunningMapping]]:
    described = template.read(settings.template, settings.parameters, settings.physical)
    chosen = _chosen(described, settings.functions)
    source = source_of(settings)
    configurations = [
        source.applied(parse(name, properties, source.servers, choices=settings.choices))
        for name, properties in chosen.items()
    ]
    if settings.log_level:
        configurations = [replace(some, log_level=settings.log_level) for some in configurations]
    for configuration in configurations:
        function = described.function_of(configuration.function_name) or ""
        timeout = described.timeouts.get(function, MAXIMUM_FUNCTION_TIMEOUT_SECONDS)
        check_function_timeout(configuration, timeout)
        deployed = replace(configuration, **settings.instead)
        enabled = is_enabled(chosen[configuration.name])
        if not enabled:
            _log.info("%s: not enabled", configuration.name)
        yield configuration.name, RunningMapping(settings, deployed, timeout, enabled=enabled)


def _chosen(described: Template, functions: Collection[str] | None) -> Mapping[str, Properties]:
    if functions is None:
        return described.mappings
    chosen = {
        name: properties
        for name, properties in described.mappings.items()
        if _is_of(described, str(properties.get("FunctionName")), functions)
    }
    if not chosen:
        message = f"the template has no event source mapping of {', '.join(functions)}"
        raise UserError(message)
    return chosen


def _is_of(described: Template, reference: str, functions: Collection[str]) -> bool:
    # By its name when the template has no such function: it may be deployed already.
    return reference in functions or described.function_of(reference) in functions


def _look_after(
    settings: Settings, mappings: Mapping[str, RunningMapping], stopping: Event
) -> None:
    ready = False
    tell_at = 0.0
    while not stopping.wait(WATCH_SECONDS):
        for mapping in mappings.values():
            mapping.look_after()
        if time.monotonic() >= tell_at:
            tell_at = time.monotonic() + STATUS_SECONDS
            _tell(settings, mappings)
        if not ready and all(mapping.settled for mapping in mappings.values()):
            _tell(settings, mappings)
            settings.ready_file.touch()
            ready = True


def _tell(settings: Settings, mappings: Mapping[str, RunningMapping]) -> None:
    if settings.status_file:
        status = {name: mapping.status() for name, mapping in mappings.items()}
        private_file.write(settings.status_file, {"mappings": status})


def _leave(mappings: Collection[RunningMapping]) -> None:
    for mapping in mappings:
        mapping.leave(GRACE_SECONDS)
    deadline = time.monotonic() + GRACE_SECONDS + CLOSE_SECONDS
    for mapping in mappings:
        mapping.join(deadline)


def _forget(settings: Settings) -> None:
    files: Sequence[Any] = (settings.ready_file, settings.status_file)
    for file in files:
        if file:
            file.unlink(missing_ok=True)
