"""The retries: batches that failed in, the same batches out when their delay has passed.

AWS documents no delays. The reference of conformance is 1 s doubling to 30 s; here the first is
short, because a developer waits for it, and the longest is short enough that work goes on within
seconds of the end of a fault, however long it lasted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from devstack.event_source_mapping.records import Batch

FIRST_RETRY_SECONDS = 0.2
LONGEST_RETRY_SECONDS = 5.0
JITTER = 0.2
"""A delay is shortened by up to this share, so that mappings do not knock in step."""


@dataclass(frozen=True, slots=True)
class RetryDelays:
    """Exponential back-off: the first delay, doubled with every attempt up to the longest."""

    first_seconds: float = FIRST_RETRY_SECONDS
    longest_seconds: float = LONGEST_RETRY_SECONDS
    jitter: float = JITTER

    def after(self, attempts: int, random: Random) -> float:
        """Return the seconds to wait after `attempts` failed ones (at least one)."""
        # Doubling further than this would only overflow.
        doubled: float = self.first_seconds * 2 ** min(attempts - 1, 30)
        return min(doubled, self.longest_seconds) * (1 - self.jitter * random.random())


class Retries:
    """Batches waiting to be sent again; their partitions stay blocked meanwhile."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, Batch]] = []

    def put(self, batch: Batch, due_at: float) -> None:
        """Let a batch wait until `due_at`, monotonic seconds."""
        self._waiting.append((due_at, batch))

    def due_at(self) -> float | None:
        """Tell when the next batch is due; None while none waits."""
        return min((due_at for due_at, _ in self._waiting), default=None)

    def take(self, now: float) -> Batch | None:
        """Return the batch that has been due for longest."""
        due_at = self.due_at()
        if due_at is None or due_at > now:
            return None
        position = next(i for i, (due, _) in enumerate(self._waiting) if due == due_at)
        return self._waiting.pop(position)[1]

    def drop(self, partitions: Iterable[int]) -> None:
        """Forget the records of partitions that were taken away."""
        kept = ((due_at, batch.without(partitions)) for due_at, batch in self._waiting)
        self._waiting = [(due_at, batch) for due_at, batch in kept if batch.records]

    def partitions(self) -> Iterator[int]:
        """Name the blocked partitions."""
        for _, batch in self._waiting:
            yield from batch.records
