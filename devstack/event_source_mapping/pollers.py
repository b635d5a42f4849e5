"""The event pollers of one mapping: what is seen of them in, as many as it takes at work out."""

import time
from collections.abc import Callable, Mapping

from devstack.event_source_mapping.event_poller import EventPoller
from devstack.event_source_mapping.polling.checkpoint import Progress
from devstack.event_source_mapping.scaling import Look, Scaling


class EventPollers:
    """Pollers that `start` gives; each is a member of the group, and reads its own partitions."""

    def __init__(self, start: Callable[[], EventPoller], scaling: Scaling) -> None:
        self._start = start
        self._scaling = scaling
        self._threads: list[EventPoller] = []

    def __len__(self) -> int:
        return len(self._working())

    @property
    def settled(self) -> bool:
        """Tell whether every poller has its partitions, and there is one."""
        working = self._working()
        return bool(working) and all(thread.settled for thread in working)

    @property
    def held_bytes(self) -> int:
        """Count the bytes of records that are not resolved."""
        return sum(thread.seen.held_bytes for thread in self._threads)

    def progress(self) -> Mapping[int, Progress]:
        """Return how far each partition is."""
        return {p: seen for thread in self._working() for p, seen in thread.seen.progress.items()}

    def scale(self, lag: int, partitions: int, leave_within_seconds: float) -> None:
        """Start a poller, or take one away, when it is time to; raises what ended a poller."""
        self._raise_fault()
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        working = self._working()
        saturated = bool(working) and all(thread.seen.saturated for thread in working)
        look = Look(len(working), partitions, lag, saturated)
        change = self._scaling.change(time.monotonic(), look)
        if change < 0:
            working[-1].leave(leave_within_seconds)
        # One that is leaving is a member still: there would be more than partitions.
        elif change > 0 and len(self._threads) < max(1, partitions):
            self._threads.append(self._start())

    def expire(self, before: Mapping[int, int]) -> None:
        """Tell every poller which offset is the oldest that is still there, by partition."""
        for thread in self._threads:
            thread.oldest = before

    def leave(self, within_seconds: float) -> None:
        """Tell every poller to leave; do not wait."""
        for thread in self._threads:
            thread.leave(within_seconds)

    def join(self, deadline: float) -> None:
        """Wait for every poller until `deadline`, monotonic seconds; raises what ended one."""
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._raise_fault()

    def _working(self) -> list[EventPoller]:
        return [thread for thread in self._threads if not thread.is_leaving]

    def _raise_fault(self) -> None:
        for thread in self._threads:
            if thread.fault is not None:
                raise thread.fault
