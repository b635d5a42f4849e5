"""The broker: records in, at rising offsets with gaps; what a position may fetch out."""

from collections.abc import Sequence
from dataclasses import dataclass

from devstack.event_source_mapping.polling.records import ConsumedRecord
from tests.simulation.chronicle import Chronicle
from tests.simulation.clock import SimulatedClock
from tests.simulation.contents import Content
from tests.simulation.setting import TOPIC


@dataclass(frozen=True, slots=True)
class Produced:
    """A record that has its place."""

    content: Content
    consumed: ConsumedRecord

    @property
    def place(self) -> tuple[int, int]:
        return self.consumed.partition, self.consumed.offset

    def __str__(self) -> str:
        partition, offset = self.place
        content = self.content
        return f"{TOPIC}-{partition}[{offset}] ({content.order_uid}, {content.kind})"


class Broker:
    """One topic. While `away`, nothing is fetched and no commit is taken."""

    def __init__(self, partitions: int, clock: SimulatedClock, chronicle: Chronicle) -> None:
        self.log: list[list[Produced]] = [[] for _ in range(partitions)]
        self.away = False
        self._clock = clock
        self._chronicle = chronicle

    def produce(self, content: Content) -> None:
        """Append a record to the partition of its key."""
        partition = content.order % len(self.log)
        offset = self.end(partition) + content.gap
        record = ConsumedRecord(
            *(partition, offset, int(self._clock.time() * 1000), "CREATE_TIME"),
            *(content.order_uid.encode(), content.value, ()),
        )
        self.log[partition].append(Produced(content, record))
        self._chronicle.tell("{} is produced", self.log[partition][-1])

    def end(self, partition: int) -> int:
        """Return the offset behind the last record."""
        log = self.log[partition]
        return log[-1].consumed.offset + 1 if log else 0

    def fetch(self, partition: int, position: int, most: int) -> Sequence[ConsumedRecord]:
        """Return records from a position on."""
        if self.away or most <= 0 or position >= self.end(partition):
            return ()
        log = self.log[partition]
        first = next(n for n, one in enumerate(log) if one.consumed.offset >= position)
        return [one.consumed for one in log[first : first + most]]

    def produced(self) -> list[Produced]:
        """Return everything, partition by partition."""
        return [one for log in self.log for one in log]
