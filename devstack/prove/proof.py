"""The proof: wishes in, a stack under load and faults, and the verdict on every record out."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from devstack.errors import UserError
from devstack.ports import LOCALHOST
from devstack.prove.arena.chaos import Chaos
from devstack.prove.arena.proxy import Proxy
from devstack.prove.arena.stack import FUNCTION, ProvingStack
from devstack.prove.brokers import Broker, BrokerAwayError, bad_kinds, broker_of
from devstack.prove.faults import Fault, Surroundings
from devstack.prove.injection import Injection
from devstack.prove.load.producing import Producing
from devstack.prove.load.records import Record, Records
from devstack.prove.plan import Group, Pace, plan
from devstack.prove.reads import reading
from devstack.prove.reads.reading import Reading
from devstack.prove.result import Hit, Ledger, Proof
from devstack.prove.verdict import evidence
from devstack.prove.verdict.reconciliation import reconcile
from devstack.prove.watching import Watching
from devstack.settings import Source
from devstack.waiting import until

if TYPE_CHECKING:
    from devstack.prove.background import Background

QUIET_WITHIN_SECONDS = 120.0
"""How long the last records may take when no fault harms them any more."""
WARM_UP_SECONDS = 10.0
"""How long the first record may take; faults come after it."""
READERS = 2
READS_A_SECOND = 20.0
"""Of each reader."""
RATE_WITHOUT_FAULTS = 500.0
SLACK = 1.1
"""By how much the records shall outlast the faults, some of which take longer than reckoned."""


@dataclass(frozen=True)
class Wishes:
    """What is to be proved."""

    source: Source
    orders: int
    seed: int
    rate: float | None
    """Records a second; None: as many as the faults leave time for."""
    faults: Sequence[Fault]
    rounds: int
    pace: Pace
    handler: Path | None
    """The folder of another ingest function, to see whether what it loses is found."""
    recovery_limit_seconds: float


class _Arena(NamedTuple):
    """A stack that runs, what its orders come from, and the tools to disturb it."""

    stack: ProvingStack
    broker: Broker
    proxy: Proxy
    chaos: Chaos


class _Work(NamedTuple):
    """What goes on while the stack is disturbed."""

    producing: Producing
    watching: Watching
    readers: Sequence[Reading]


class Proving:
    """One proof, in a folder of its own; `tell` hears a line whenever something has happened."""

    def __init__(self, home: Path, wishes: Wishes, tell: Callable[[str], None]) -> None:
        self._stack_home = home / "stack"
        self._wishes = wishes
        self._tell = tell
        self._records = Records(wishes.seed, wishes.orders, bad_kinds=bad_kinds(wishes.source))
        self._groups = plan(wishes.seed, wishes.faults, wishes.rounds, wishes.pace)
        self._seconds = sum(group.seconds for group in self._groups)
        self._began = time.monotonic()

    def run(self) -> Proof:
        """Produce, disturb, wait for quiet, account for every record.

        The stack's data and logs are kept when something did not hold.
        Raises `UserError` when the stack cannot be started.
        """
        proof = self._proof()
        if proof.holds:
            shutil.rmtree(self._stack_home)
        return proof

    def _proof(self) -> Proof:
        with self._arena() as arena:
            self._tell(self._beginning(arena))
            with self._work(arena) as work:
                hits = list(self._disturbed(arena, work))
                self._wait_for_quiet(arena.broker, work)
            return self._verdict(arena, work, hits)

    def _beginning(self, arena: _Arena) -> str:
        faults = sum(len(group.faults) for group in self._groups)
        return (
            f"seed {self._wishes.seed}: {len(self._records)} records of {arena.broker.topic},"
            f" {self._rate:.0f} a second, and {faults} faults, about {self._seconds:.0f} s,"
            f" on {arena.stack.url}"
        )

    @property
    def _rate(self) -> float:
        if self._wishes.rate or not self._groups:
            return self._wishes.rate or RATE_WITHOUT_FAULTS
        return len(self._records) / (self._seconds * SLACK)

    def _now(self) -> float:
        return time.monotonic() - self._began

    @contextmanager
    def _arena(self) -> Iterator[_Arena]:
        handler = self._wishes.handler
        more = {"FUNCTION_CODE": f"{FUNCTION}={handler.absolute()}"} if handler else {}
        stack = ProvingStack(self._stack_home, self._wishes.source, more)
        stack.stop()  # what is left of one whose proof was killed
        shutil.rmtree(stack.home, ignore_errors=True)
        chaos = Chaos(stack.chaos_folder)
        chaos.install()
        proxy = Proxy(stack.proxy_port, (LOCALHOST, stack.addresses.db_port))
        with ExitStack() as cleanup:
            proxy.start()
            cleanup.callback(proxy.stop)
            cleanup.callback(stack.stop)
            stack.start()
            yield _Arena(stack, broker_of(stack), proxy, chaos)

    @contextmanager
    def _work(self, arena: _Arena) -> Iterator[_Work]:
        """Produce, watch and read for the length of a `with` block; raises what ended one."""
        self._began = time.monotonic()
        stack, broker, _, chaos = arena
        producing = Producing(
            self._records,
            broker.destination,
            rate=self._rate,
            clock=lambda: time.time() + chaos.offset_seconds,
        )
        watching = Watching(
            stack.administrator,
            producing,
            topic=broker.topic,
            first_offset=broker.first_offset,
            now=self._now,
        )
        readers = [self._reader(stack, producing, watching, n) for n in range(READERS)]
        threads: list[Background] = [producing, watching, *readers]
        with ExitStack() as cleanup:
            for thread in threads:
                thread.start()
                cleanup.callback(thread.stop)
            yield _Work(producing, watching, readers)

    def _reader(
        self, stack: ProvingStack, producing: Producing, watching: Watching, seed: int
    ) -> Reading:
        return Reading(
            stack.url,
            self._records,
            sent=lambda: producing.next_number,
            settled_at=watching.settled_at,
            now=self._now,
            rate=READS_A_SECOND,
            seed=seed,
        )

    def _disturbed(self, arena: _Arena, work: _Work) -> Iterator[Hit]:
        def upcoming(count: int) -> list[Record]:
            first = work.producing.next_number
            numbers = range(first, min(first + count, len(self._records)))
            return [self._records[number] for number in numbers]

        def tell(hit: Hit) -> None:
            self._tell(f"{_told(hit)}  [{_how_far(work, len(self._records))}]")

        until(lambda: _settled(work), WARM_UP_SECONDS)
        patience = 2 * self._wishes.recovery_limit_seconds
        surroundings = Surroundings(arena.stack, arena.proxy, arena.chaos, upcoming)
        injection = Injection(surroundings, work.watching, self._now, tell, patience)
        return injection.run(self._groups_while(work.producing))

    def _groups_while(self, producing: Producing) -> Iterator[Group]:
        """Yield the plan for as long as there is something to harm."""
        for number, group in enumerate(self._groups):
            if producing.done:
                left = len(self._groups) - number
                self._tell(f"everything is produced; the last {left} groups of faults are left out")
                return
            yield group

    def _wait_for_quiet(self, broker: Broker, work: _Work) -> None:
        """Wait until everything is produced and committed, or nothing more comes of waiting."""
        while not work.producing.done:
            self._tell(_how_far(work, len(self._records)))
            work.producing.join(5.0)
        self._tell("waiting for the last of what was produced")
        until(lambda: _is_quiet(broker), QUIET_WITHIN_SECONDS, pause_seconds=0.2)

    def _verdict(self, arena: _Arena, work: _Work, hits: Sequence[Hit]) -> Proof:
        self._tell("accounting for every record")
        seconds = self._now()
        return Proof(
            seed=self._wishes.seed,
            orders=len(self._records),
            rate=self._rate,
            hits=hits,
            samples=work.watching.samples,
            reads=reading.reads(work.readers),
            ledger=self._ledger(arena, work),
            seconds=seconds,
            recovery_limit_seconds=self._wishes.recovery_limit_seconds,
            producing_fault=work.producing.fault,
        )

    def _ledger(self, arena: _Arena, work: _Work) -> Ledger:
        broker, places = arena.broker, work.producing.places
        connection = arena.stack.administrator()
        try:
            broker.date(places)
            with evidence.gathered(connection, broker.topic, broker.progress()) as found:
                return reconcile(self._records, places, found)
        except BrokerAwayError as error:
            raise UserError(str(error)) from error
        finally:
            connection.close()


def _is_quiet(broker: Broker) -> bool:
    try:
        progress = broker.progress()
    except BrokerAwayError:
        return False
    return all(map(progress.is_read, progress.ends))


def _told(hit: Hit) -> str:
    if hit.missed:
        end = "missed"
    elif hit.recovery_seconds is None:
        end = "no work since"
    else:
        end = f"work again after {hit.recovery_seconds:.1f} s"
    return f"{hit.began:7.1f} s  {hit.fault}: {hit.hit}; {end}"


def _settled(work: _Work) -> int:
    samples = work.watching.samples
    return samples[-1].settled if samples else 0


def _how_far(work: _Work, orders: int) -> str:
    acknowledged = work.producing.acknowledged
    settled = _settled(work)
    return f"{settled} of {orders} settled, {acknowledged - settled} waiting"
