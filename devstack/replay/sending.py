"""Sending: a source and a target in, every event through and a summary out.

An event is behind us when its answer is; that is written down before the next one leaves.
"""

import time
from collections.abc import Callable
from typing import Protocol

from devstack.event_source_mapping.polling.records import Batch
from devstack.replay.bookmarks import Bookmarks, Journey
from devstack.replay.events import Event, Source
from devstack.replay.summary import Summary
from devstack.replay.target import Delivered

Clock = Callable[[], float]
OnProgress = Callable[[Journey], None]


class Target(Protocol):
    """Takes events, one after the other."""

    def send(self, event: Event) -> Delivered:
        """Bring an event through, or say which records failed."""


def journey(source: Source, bookmarks: Bookmarks, *, restart: bool = False) -> Journey:
    """Take up the interrupted replay of a source, or plan a new one."""
    if not restart and (kept := bookmarks.read()):
        return kept
    begin, end = source.bounds()
    return Journey(begin, end)


def replay(  # noqa: PLR0913 - each is one part of the composition
    source: Source,
    target: Target,
    planned: Journey,
    bookmarks: Bookmarks,
    *,
    on_progress: OnProgress,
    pace: "Pace",
) -> Summary:
    """Send what is left of a journey; its bookmark is gone when nothing is."""
    clock = pace.clock
    summary, spent = planned.summary, planned.summary.seconds
    began = clock()
    for event in source.events(planned.next, planned.end):
        pace.wait_for(event.batch)
        _add(summary, event, target.send(event))
        summary.seconds = spent + clock() - began
        planned.reached.update(event.bookmark)
        bookmarks.keep(planned)
        on_progress(planned)
    planned.reached.update(planned.end)  # past what was missing at the end
    on_progress(planned)
    bookmarks.remove()
    return summary


def _add(summary: Summary, event: Event, delivered: Delivered) -> None:
    summary.events += 1
    summary.sent += len(event.batch)
    summary.bytes += len(event.payload(event.batch))
    failed = delivered.failed
    if failed is not None:
        summary.add_failure(event, failed, delivered.reason)
    summary.add_fates(delivered.fates, len(event.batch) - (0 if failed is None else len(failed)))


class Pace:
    """Lets records go at a rate: record number n no earlier than n / `rate` seconds after begin."""

    def __init__(
        self, rate: float | None, wait: Callable[[float], None], clock: Clock = time.monotonic
    ) -> None:
        self.clock = clock
        self._rate = rate
        self._wait = wait
        self._began: float | None = None
        self._sent = 0

    def wait_for(self, batch: Batch) -> None:
        """Wait until the first record of a batch is due."""
        if self._rate is None:
            return
        if self._began is None:
            self._began = self.clock()
        while (left := self._began + self._sent / self._rate - self.clock()) > 0:
            self._wait(left)
        self._sent += len(batch)
