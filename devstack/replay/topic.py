"""A topic: part of it in, the events a mapping would make of it out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from confluent_kafka import Message

from devstack.errors import UserError
from devstack.event_source_mapping.clients.consumer import consumed_record
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.replay.documents import unwrapped
from devstack.replay.events import Bookmark, Event, SourcedRecord, of_consumed, packed, sourced
from devstack.replay.reading import opened
from devstack.replay.selection import Selection

Span = tuple[int, int]


@dataclass(frozen=True)
class Topic:
    """The source that reads a part of a topic."""

    name: str
    bootstrap_servers: str
    selection: Selection
    event_format: EventFormat
    batch_size: int
    unwraps: bool = True
    """Whether a dead letter stands for the records in it."""
    passes: Callable[[bytes | None], bool] | None = None
    """The mapping's filter, if it has one."""
    kafka_properties: Mapping[str, str] = field(default_factory=dict)
    warn: Callable[[str], None] = lambda _: None

    @property
    def title(self) -> str:
        """Name it for people."""
        return f"topic {self.name}"

    @property
    def identity(self) -> tuple[str, ...]:
        """Tell it from another one."""
        return (self.name, repr(self.selection), str(self.unwraps))

    def bounds(self) -> tuple[Bookmark, Bookmark]:
        """Return the selected offsets by partition, as they are now.

        Raises `UserError` when the broker does not answer, or nothing is selected.
        """
        selection = self.selection
        # The end of open transactions too: what they hold back is to be told, not overlooked.
        where = (self.name, self.bootstrap_servers, self.kafka_properties, "read_uncommitted")
        with opened(*where) as reader:
            held = reader.held()
            self._check_partitions(held)
            since = {} if selection.from_ms is None else reader.first_since(selection.from_ms, held)
        cuts = {
            p: selection.cut(p, max(begin, since.get(p, begin)), end)
            for p, (begin, end) in held.items()
        }
        chosen = {p: span for p, span in cuts.items() if span[0] < span[1]}
        if not chosen:
            spans = (f"{self._place(p)}[{b}…{e - 1}]" for p, (b, e) in held.items() if b < e)
            message = (
                f"nothing of {self.title} is selected; it holds {' '.join(spans) or 'nothing'}"
            )
            raise UserError(message)
        begin = {self._place(p): first for p, (first, _) in chosen.items()}
        return begin, {self._place(p): after for p, (_, after) in chosen.items()}

    def events(self, begin: Bookmark, end: Bookmark) -> Iterator[Event]:
        """Yield the events of what stands between the two."""
        return packed(self._records(begin, end), self.batch_size)

    def _records(self, begin: Bookmark, end: Bookmark) -> Iterator[SourcedRecord]:
        left = [place for place in end if begin[place] < end[place]]
        first, after = ({_partition(p): some[p] for p in left} for some in (begin, end))
        with opened(self.name, self.bootstrap_servers, self.kafka_properties) as reader:
            for message in reader.messages(first, after, self._held_back):
                yield from self._sourced(message)

    def _sourced(self, message: Message) -> Iterator[SourcedRecord]:
        consumed = consumed_record(message)
        place = self._place(consumed.partition)
        if not self.selection.takes(consumed.timestamp_ms):
            return
        if self.unwraps and (event := unwrapped(consumed.value)):
            yield from sourced(event.batch, event.event_format, place, consumed.offset)
            return
        if self.passes is not None and not self.passes(consumed.value):
            return
        yield of_consumed(consumed, self.event_format, place)

    def _check_partitions(self, held: Mapping[int, Span]) -> None:
        if unknown := sorted(set(self.selection.partitions) - held.keys()):
            message = f"{self.title} has no partition {unknown[0]}; it has 0 to {len(held) - 1}"
            raise UserError(message)

    def _held_back(self, partition: int, offset: int) -> None:
        self.warn(
            f"{self._place(partition)}: an open transaction holds back what follows from offset"
            f" {offset} on"
        )

    def _place(self, partition: int) -> str:
        return f"{self.name}-{partition}"


def _partition(place: str) -> int:
    return int(place.rpartition("-")[2])
