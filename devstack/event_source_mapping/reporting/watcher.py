"""A watcher: a source to look at in, where its partitions end and where the group goes on out."""

import logging
from collections.abc import Mapping
from threading import Event, Thread
from typing import ClassVar

from devstack.event_source_mapping.reporting.lag import Offsets

LOOK_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Watcher(Thread):
    """What is asked of the servers, so that it holds for other members as well, as last seen."""

    faults: ClassVar[tuple[type[Exception], ...]]
    """What is raised while they do not answer."""

    def __init__(self, topic: str) -> None:
        super().__init__(name=f"offsets of {topic}", daemon=True)
        self._stopping = Event()
        self.looked = Event()
        """The servers have answered."""
        self.offsets: Mapping[int, Offsets] = {}
        """By partition; none while the topic is not there."""

    def look(self) -> Mapping[int, Offsets]:
        """Ask once."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what asking took."""

    def run(self) -> None:
        """Look once a second; while the servers do not answer, what was seen last stands."""
        while not self._stopping.is_set():
            try:
                self.offsets = self.look()
                self.looked.set()
            except self.faults as error:
                _log.debug("%s: %s", self.name, error)
            self._stopping.wait(LOOK_SECONDS)
        self.close()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
