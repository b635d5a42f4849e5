"""The world: a setting in, everything that takes part in one history out.

It knows how each part goes on by one step, and which parts can; `moves` decides what happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count, cycle
from random import Random

from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.metrics import Metric
from devstack.event_source_mapping.polling.poller import Poller
from devstack.event_source_mapping.polling.records import (
    Batch,
    ConsumedRecord,
    Record,
    by_partition,
)
from tests.simulation.broker import Broker, Produced
from tests.simulation.checks import Checks
from tests.simulation.chronicle import Chronicle
from tests.simulation.clock import SimulatedClock
from tests.simulation.consumer import Course, FencedError, SimulatedConsumer
from tests.simulation.destination import SimulatedDestination
from tests.simulation.function import Function, Handler, ingest_orders
from tests.simulation.group import Group
from tests.simulation.invoker import SimulatedInvoker, spans
from tests.simulation.setting import TOPIC, Setting
from tests.simulation.store import Store, Transaction


@dataclass(frozen=True)
class Parts:
    """What a world is made of; saboteurs put something else here."""

    poller: type[Poller] = Poller
    store: type[Store] = Store
    handler: Handler = ingest_orders


class Nobody:
    """A reporter that tells nobody."""

    def count(self, metric: Metric, number: int = 1) -> None: ...

    def processed(self, result: str) -> None: ...

    def warn(self, code: str, message: str) -> None: ...

    def assigned(self, member: str, partitions: Sequence[int]) -> None: ...


@dataclass
class PollerProcess:
    """A poller with its ports, from its start to its end."""

    number: int
    poller: Poller
    consumer: SimulatedConsumer
    invoker: SimulatedInvoker
    destination: SimulatedDestination
    is_paused: bool = False
    is_leaving: bool = False
    tenure: dict[int, int] = field(default_factory=dict)
    """By partition: the last offset it sent for the first time."""

    def __str__(self) -> str:
        return self.consumer.member


class World:
    """All parts of one history."""

    def __init__(self, setting: Setting, parts: Parts) -> None:
        self.setting = setting
        self.clock = SimulatedClock()
        self.chronicle = Chronicle(self.clock)
        self.broker = Broker(setting.partitions, self.clock, self.chronicle)
        self.group = Group(setting.partitions, self.chronicle)
        self.store = parts.store()
        self.function = Function(self.store, self.clock, self.chronicle, parts.handler)
        self.checks = Checks(setting, self.broker, self.store)
        self.processes: list[PollerProcess] = []
        self.vanished: list[PollerProcess] = []
        """Killed, and not yet missed by the group or come back."""
        self._poller = parts.poller
        self._batch_sizes = cycle(setting.batch_sizes)
        self._format = EventFormat.of(setting.configuration)
        self._to_come = list(reversed(setting.contents))
        self.produce(setting.there_already)
        for number in range(setting.pollers):
            self.start_poller(number)

    # Records

    @property
    def are_records_to_come(self) -> bool:
        return bool(self._to_come)

    def produce(self, count: int) -> None:
        """Let records arrive."""
        for _ in range(min(count, len(self._to_come))):
            self.broker.produce(self._to_come.pop())

    # Pollers

    def start_poller(self, number: int) -> None:
        """Start a poller; one that vanished under its name is succeeded."""
        consumer = SimulatedConsumer(
            *(f"poller {number}", self.broker, self.group, self.setting.records_a_poll),
            self.chronicle,
        )
        invoker = SimulatedInvoker(self.function, self._format, lambda b: self._send(process, b))
        destination = SimulatedDestination(self.checks, self.chronicle)
        poller = self._poller(
            replace(self.setting.configuration, batch_size=next(self._batch_sizes)),
            consumer=consumer,
            invoker=invoker,
            clock=self.clock,
            random=Random(number),  # noqa: S311 - chance that can be repeated, not a secret
            reporter=Nobody(),
            destination=destination if self.setting.gives_up else None,
            maximum_held_bytes=self.setting.maximum_held_bytes,
        )
        process = PollerProcess(number, poller, consumer, invoker, destination)
        consumer.on_commit = self.checks.may_commit
        consumer.on_revoke = lambda partitions: _end_tenure(process, partitions)
        self.vanished = [one for one in self.vanished if one.number != number]
        self.processes.append(process)
        self.chronicle.tell("{} starts", process)
        poller.start()

    def free_number(self) -> int:
        """Return the lowest number that no process has."""
        there = {process.number for process in self.processes}
        return next(number for number in count() if number not in there)

    def step(self, process: PollerProcess) -> None:
        """Let a poller do one step."""
        try:
            process.poller.step()
        except FencedError:
            self.chronicle.tell("{} is fenced and ends", process)
            self.processes.remove(process)
            return
        self.checks.may_hold(process.poller.held_bytes)
        if process.is_leaving and not (process.poller.in_flight or process.consumer.commits):
            self._close(process)

    def stop(self, process: PollerProcess) -> None:
        """Let a poller leave the group when it has settled what is on its way."""
        self.chronicle.tell("{} is to leave", process)
        process.is_leaving = True
        process.poller.stop()

    def kill(self, process: PollerProcess) -> None:
        """End a poller's process; the group does not know yet, its invocations go on."""
        self.chronicle.tell("{} is killed", process)
        self.processes.remove(process)
        self.vanished.append(process)

    def evict(self, process: PollerProcess) -> None:
        """Let the group miss a member that it has not heard of for too long."""
        self.chronicle.tell("{} is missed: its session ended", process)
        process.consumer.evict()
        self.vanished = [one for one in self.vanished if one is not process]

    @property
    def awake(self) -> list[PollerProcess]:
        return [process for process in self.processes if not process.is_paused]

    def _send(self, process: PollerProcess, batch: Batch) -> None:
        self.chronicle.tell(
            "{} sends {}, invocation {}",
            *(process, spans(batch.records), self.function.next_number),
        )
        self.checks.may_send(batch, list(process.invoker.in_flight.values()), process.tenure)

    def _close(self, process: PollerProcess) -> None:
        self.chronicle.tell("{} leaves", process)
        process.consumer.close()
        self.processes.remove(process)

    # Time

    def wait(self, seconds: float) -> None:
        """Let time pass; what runs for too long ends."""
        self.clock.now += seconds
        self.function.end_the_late()

    # The store

    @property
    def orphans(self) -> list[Transaction]:
        """Transactions whose client is gone."""
        return [one for one in self.store.transactions if one.is_orphan]

    def end_orphan(self, transaction: Transaction, *, commit: bool) -> None:
        """Let the server notice; a commit that was asked for may still be made."""
        if commit and transaction.commit_asked:
            self.chronicle.tell("the server makes the commit of a client that is gone")
            self.store.commit(transaction)
        else:
            self.chronicle.tell("the server takes back what a client that is gone had begun")
            self.store.end(transaction)

    # Records that were delivered already

    def is_settled(self, one: Produced) -> bool:
        """Tell whether a record has its fate in the store."""
        partition, offset = one.place
        return offset in self.store.ledger.get((TOPIC, partition), ())

    def replay(self, consumed: Sequence[ConsumedRecord]) -> None:
        """Invoke the function with records, as a replay does that the mapping knows nothing of."""
        records = by_partition(
            Record(raw.partition, raw.offset, raw.timestamp_ms, self._format.encode(raw), 0.0)
            for raw in consumed
        )
        if records:
            number = self.function.next_number
            self.chronicle.tell("a replay delivers {}, invocation {}", spans(records), number)
            self.function.invoke(self._format.event(records), lambda _: None)

    # Calm

    def settle_down(self) -> None:
        """Bring back what is away, and let everybody know where they stand."""
        self.produce(len(self._to_come))
        self.broker.away = False
        if self.store.away:
            self.store.start()
        self.clock.set_wall_clock(0.0)
        for process in list(self.vanished):
            self.evict(process)
        for process in self.processes:
            process.is_paused = False
            process.consumer.learn()
            # Who takes a commit for done that failed would get away with it otherwise.
            process.consumer.next_course = Course.LOST

    def go_round(self, seconds: float) -> None:
        """Let everybody go on, and some time pass."""
        self.wait(seconds)
        for orphan in self.orphans:
            self.end_orphan(orphan, commit=True)
        if all(process.is_leaving for process in self.processes):
            self.start_poller(self.free_number())
        for process in list(self.processes):
            self.step(process)
            while process.destination.on_their_way:
                process.destination.deliver(None)
            while process.consumer.commits:
                process.consumer.answer_commit()
        for invocation in list(self.function.running):
            self.function.finish(invocation)

    # The end

    @property
    def lag(self) -> int:
        """Count the offsets that are not committed."""
        return sum(map(self.broker.end, range(self.setting.partitions))) - sum(
            self.group.committed.values()
        )

    def is_done(self) -> bool:
        """Tell whether nothing is left to happen."""
        return not (self.lag or self.function.running or self.store.transactions)


def _end_tenure(process: PollerProcess, partitions: Sequence[int]) -> None:
    for partition in partitions:
        process.tenure.pop(partition, None)
