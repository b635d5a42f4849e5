"""The consumer: one member's view of broker and group; the port that pollers have."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from devstack.event_source_mapping.polling.ports import Assignee
from devstack.event_source_mapping.polling.records import ConsumedRecord
from tests.simulation.broker import Broker
from tests.simulation.chronicle import Chronicle
from tests.simulation.group import Group


class FencedError(Exception):
    """A successor has this member's name: it cannot go on."""


class Course(Enum):
    """What becomes of a commit."""

    TAKEN = "taken"
    LOST = "lost"
    TAKEN_UNHEARD = "taken, and its sender is told that it failed"


@dataclass(slots=True)
class Commit:
    """A commit on its way."""

    offsets: Mapping[int, int]
    course: Course


class SimulatedConsumer:
    """News of the group and answers to commits are heard within `poll`, as librdkafka's are."""

    def __init__(
        self, member: str, broker: Broker, group: Group, records_a_poll: int, chronicle: Chronicle
    ) -> None:
        self.member = member
        self.records_a_poll = records_a_poll
        self.on_commit: Callable[[Mapping[int, int]], None] = lambda _: None
        self.on_revoke: Callable[[Sequence[int]], None] = lambda _: None
        self.commits: deque[Commit] = deque()
        """On their way."""
        self.next_course = Course.TAKEN
        """What becomes of the commit that is sent next."""
        self._broker = broker
        self._group = group
        self._chronicle = chronicle
        self._assignee: Assignee | None = None
        self._news: deque[Callable[[], None]] = deque()
        self._positions: dict[int, int] = {}
        self._paused: set[int] = set()
        self._fenced = False
        self._is_lost = False

    # The port

    def subscribe(self, assignee: Assignee) -> None:
        self._assignee = assignee
        self._group.join(self)

    def poll(self, timeout_seconds: float) -> Sequence[ConsumedRecord]:
        assert timeout_seconds >= 0
        if self._fenced:
            raise FencedError
        if self._is_lost:
            self._rejoin()
        while self._news:
            self._news.popleft()()
        return self._fetch()

    def pause(self, partitions: Sequence[int]) -> None:
        self._paused.update(partitions)

    def resume(self, partitions: Sequence[int]) -> None:
        self._paused.difference_update(partitions)

    def commit(self, offsets: Mapping[int, int]) -> None:
        self._chronicle.tell("{} commits {}", self.member, dict(offsets))
        self.on_commit(offsets)
        self.commits.append(Commit(offsets, self.next_course))
        self.next_course = Course.TAKEN

    # What the coordinator tells

    def receive(self, partitions: Sequence[int]) -> None:
        self._news.append(lambda: self._assigned(partitions))

    def give_up(self, partition: int) -> None:
        self._news.append(lambda: self._revoked([partition]))

    def fence(self) -> None:
        self._fenced = True

    # What the world does

    @property
    def is_owed_something(self) -> bool:
        """Tell whether a commit was not answered."""
        return bool(self.commits or self._news)

    def answer_commit(self) -> None:
        """Let the group take the oldest commit, or not."""
        commit = self.commits.popleft()
        taken = {
            partition: offset
            for partition, offset in commit.offsets.items()
            if commit.course is not Course.LOST
            and not self._broker.away
            and self._group.commit(self, partition, offset)
        }
        self._chronicle.tell("the group takes {} of {}", taken or "nothing", self.member)
        heard = taken if commit.course is Course.TAKEN else {}
        failed = [p for p in commit.offsets if p not in heard]
        self._news.append(lambda: self._heard(heard, failed))

    def evict(self) -> None:
        """Leave the group without knowing it: the session ended."""
        self._group.leave(self)

    def learn(self) -> None:
        """Hear, at the next poll, that it is a member no more, if so."""
        self._is_lost = not self._group.has(self)

    def close(self) -> None:
        """Leave the group."""
        if self._positions:
            self._revoked(sorted(self._positions))
        self._group.leave(self)

    def _rejoin(self) -> None:
        self._is_lost = False
        self._news.clear()
        self._chronicle.tell("{} hears that it lost its partitions, and joins anew", self.member)
        self._revoked(sorted(self._positions))
        self._group.join(self)

    def _assigned(self, partitions: Sequence[int]) -> None:
        committed = self._group.committed
        self._positions.update({p: committed.get(p, 0) for p in partitions})
        self._paused.difference_update(partitions)
        self._chronicle.tell("{} is assigned {}", self.member, list(partitions))
        self._listener.assigned(partitions)

    def _revoked(self, partitions: Sequence[int]) -> None:
        self._chronicle.tell("{} gives {} up", self.member, list(partitions))
        self._listener.revoked(partitions)
        self.on_revoke(partitions)
        # What was sent before comes before: it is one connection.
        while self.commits:
            self.answer_commit()
        for partition in partitions:
            self._positions.pop(partition, None)
            self._group.gave_up(self, partition)

    def _heard(self, taken: Mapping[int, int], failed: Sequence[int]) -> None:
        if failed:
            self._listener.commit_failed(failed)
        if taken:
            self._listener.committed(taken)

    def _fetch(self) -> Sequence[ConsumedRecord]:
        fetched: list[ConsumedRecord] = []
        for partition, position in self._positions.items():
            if partition not in self._paused:
                room = self.records_a_poll - len(fetched)
                fetched += self._broker.fetch(partition, position, room)
        for record in fetched:
            self._positions[record.partition] = record.offset + 1
        return fetched

    @property
    def _listener(self) -> Assignee:
        assert self._assignee is not None
        return self._assignee
