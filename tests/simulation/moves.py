"""The moves: the kinds of things that happen in a world, each with how often it is tried.

A kind looks for what it can happen to, takes the `which`th of them, and does it in its `how`th
way; where there is none, nothing happens.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from orders.errors import StoreUnavailableError
from tests.simulation.consumer import Course, SimulatedConsumer
from tests.simulation.function import Invocation
from tests.simulation.session import ConnectionLostError
from tests.simulation.setting import LARGEST_NUMBER_OF_POLLERS
from tests.simulation.world import World

T = TypeVar("T")

NUMBERS = 60
"""So many numbers a move is drawn from: chances are even among up to six."""

Happen = Callable[[World, int, int], bool]


@dataclass(frozen=True)
class Kind:
    """A kind of move; `happen` tells whether anything did."""

    weight: float
    """How often it is tried, on average, beside the others."""
    factors: tuple[float, ...]
    """By one of which its weight differs in each history."""
    happen: Happen


_kinds: dict[str, Kind] = {}
KINDS: Mapping[str, Kind] = _kinds


_NORMAL = (0.3, 1.0, 1.0, 2.0)
_DISTURBING = (0.0, 0.5, 1.0, 3.0)


def _weighing(
    weight: float, factors: tuple[float, ...] = _DISTURBING
) -> Callable[[Happen], Happen]:
    def register(happen: Happen) -> Happen:
        _kinds[happen.__name__] = Kind(weight, factors, happen)
        return happen

    return register


def _chosen(candidates: Sequence[T], which: int) -> T | None:
    return candidates[which % len(candidates)] if candidates else None


# What goes on by itself


@_weighing(36, _NORMAL)
def poll(world: World, which: int, _: int) -> bool:
    """Let a poller step."""
    if process := _chosen(world.awake, which):
        world.step(process)
    return process is not None


@_weighing(48, _NORMAL)
def run(world: World, which: int, how: int) -> bool:
    """Let an invocation go on; a slow one not every time."""
    invocation = _chosen(world.function.running, which)
    if invocation is None or (invocation.is_slow and how % 6):
        return False
    world.function.go_on(invocation)
    return True


@_weighing(6, _NORMAL)
def wait(world: World, _: int, how: int) -> bool:
    """Let time pass, mostly little."""
    world.wait((0.01, 0.05, 0.2, 0.5, 1.0, 3.0)[how % 6])
    return True


@_weighing(5, _NORMAL)
def produce(world: World, _: int, how: int) -> bool:
    """Let records arrive."""
    there_are = world.are_records_to_come
    world.produce(1 + how % 4)
    return there_are


@_weighing(8, _NORMAL)
def answer_commit(world: World, which: int, _: int) -> bool:
    """Let the group take a commit."""
    if consumer := _chosen(_committing(world), which):
        consumer.answer_commit()
    return consumer is not None


@_weighing(4, _NORMAL)
def deliver(world: World, which: int, how: int) -> bool:
    """Let a destination be done with something; now and then it refuses it."""
    giving_up = [one.destination for one in world.processes if one.destination.on_their_way]
    if destination := _chosen(giving_up, which):
        destination.deliver("AccessDenied" if how % 4 == 0 else None)
    return destination is not None


@_weighing(4, _NORMAL)
def end_orphan(world: World, which: int, how: int) -> bool:
    """Let the database notice that a client is gone."""
    if orphan := _chosen(world.orphans, which):
        world.end_orphan(orphan, commit=how % 2 == 0)
    return orphan is not None


# What befalls the function


@_weighing(3)
def kill_function(world: World, which: int, how: int) -> bool:
    """Kill an execution environment: from outside, or for want of memory."""
    if invocation := _chosen(world.function.running, which):
        fault = ("Runtime.ExitError", "Runtime.OutOfMemory")[how % 2]
        world.function.kill(invocation, fault)
    return invocation is not None


@_weighing(3)
def slow_down(world: World, which: int, _: int) -> bool:
    """Let an invocation be slow."""
    if invocation := _chosen(world.function.running, which):
        invocation.is_slow = True
    return invocation is not None


@_weighing(4)
def lose_answer(world: World, which: int, _: int) -> bool:
    """Let the mapping lose sight of an invocation, which goes on, slowly."""
    if invocation := _chosen(world.function.running, which):
        world.function.lose(invocation)
    return invocation is not None


@_weighing(3)
def throttle(world: World, which: int, _: int) -> bool:
    """Refuse an invocation that waits to begin."""
    waiting = [one for one in world.function.running if one.environment is None]
    if invocation := _chosen(waiting, which):
        world.function.throttle(invocation)
    return invocation is not None


@_weighing(2)
def replay(world: World, which: int, how: int) -> bool:
    """Deliver records again that were committed, behind the mapping's back."""
    partition = which % len(world.broker.log)
    committed = world.group.committed.get(partition, 0)
    log = [one for one in world.broker.log[partition] if one.consumed.offset < committed]
    settled = [one for one in log if world.is_settled(one)]
    first = how % max(1, len(settled))
    world.replay([one.consumed for one in settled[first : first + 5]])
    return bool(settled)


# What befalls the database


@_weighing(4)
def fail_statement(world: World, which: int, how: int) -> bool:
    """Let a statement, or a commit, come back with a fault; a commit may have been made."""
    if (invocation := _chosen(_in_transaction(world), which)) is None:
        return False
    assert invocation.environment is not None
    session = invocation.environment.session
    assert session.transaction is not None
    world.chronicle.tell("{} of invocation {}", _FAULTS[how % 4], invocation.number)
    if how % 4 == 0:
        session.fault = StoreUnavailableError("could not extend file (SQLSTATE 53100)")
        return True
    session.fault = ConnectionLostError("the connection is reset")
    if how % 4 == 1:
        session.transaction.is_orphan = True
        session.transaction.waits_for = None
    elif how % 4 == 2 and session.transaction.commit_asked and not session.transaction.ended:
        world.store.commit(session.transaction)
    return True


_FAULTS = (
    "the database refuses the statement",
    "the network swallows the connection",
    "the connection is reset, after a commit that was asked for, just then",
    "the connection is reset",
)


@_weighing(0.5)
def lose_database(world: World, _: int, __: int) -> bool:
    """Stop the database: what is open is taken back."""
    if world.store.away:
        return False
    world.chronicle.tell("the database goes away")
    world.store.stop()
    return True


@_weighing(8, _NORMAL)
def return_database(world: World, _: int, __: int) -> bool:
    """Start it again."""
    was_away = world.store.away
    if was_away:
        world.chronicle.tell("the database is back")
        world.store.start()
    return was_away


# What befalls pollers, group and broker


@_weighing(0.8)
def kill_poller(world: World, which: int, _: int) -> bool:
    """Kill a poller's process."""
    if process := _chosen(world.processes, which):
        world.kill(process)
    return process is not None


@_weighing(4, _NORMAL)
def return_poller(world: World, which: int, _: int) -> bool:
    """Start a successor under the name of a poller that vanished, before or after it is missed."""
    there = {process.number for process in world.processes}
    missing = [n for n in range(world.setting.pollers) if n not in there]
    number = _chosen(missing, which)
    if number is not None:
        world.start_poller(number)
    return number is not None


@_weighing(0.5)
def join(world: World, _: int, __: int) -> bool:
    """Start one more poller."""
    number = world.free_number()
    if number < LARGEST_NUMBER_OF_POLLERS:
        world.start_poller(number)
    return number < LARGEST_NUMBER_OF_POLLERS


@_weighing(0.4)
def leave(world: World, which: int, _: int) -> bool:
    """Tell a poller to leave."""
    staying = [one for one in world.processes if not one.is_leaving]
    if process := _chosen(staying, which):
        world.stop(process)
    return process is not None


@_weighing(0.8)
def pause_poller(world: World, which: int, _: int) -> bool:
    """Stop a poller's process where it is; its invocations go on."""
    if process := _chosen(world.awake, which):
        world.chronicle.tell("{} is paused", process)
        process.is_paused = True
    return process is not None


@_weighing(3, _NORMAL)
def resume_poller(world: World, which: int, _: int) -> bool:
    """Let it go on, not knowing what happened meanwhile."""
    if process := _chosen([one for one in world.processes if one.is_paused], which):
        world.chronicle.tell("{} goes on", process)
        process.is_paused = False
    return process is not None


@_weighing(2)
def evict(world: World, which: int, _: int) -> bool:
    """Let the group miss a member that is paused or vanished."""
    silent = [*world.vanished, *(one for one in world.processes if one.is_paused)]
    candidates = [one for one in silent if world.group.has(one.consumer)]
    if process := _chosen(candidates, which):
        world.evict(process)
    return process is not None


@_weighing(3)
def succeed_paused(world: World, which: int, how: int) -> bool:
    """Start another poller under the name of one that is paused: that one is fenced."""
    if how % 4 or (process := _chosen([o for o in world.processes if o.is_paused], which)) is None:
        return False
    world.start_poller(process.number)
    return True


@_weighing(4, _NORMAL)
def learn(world: World, which: int, _: int) -> bool:
    """Let a poller hear that it is no member any more."""
    strangers = [one for one in world.awake if not world.group.has(one.consumer)]
    if process := _chosen(strangers, which):
        process.consumer.learn()
    return process is not None


@_weighing(3)
def lose_commit(world: World, which: int, how: int) -> bool:
    """Let the next commit fail, whether the group has it or not."""
    if process := _chosen(world.processes, which):
        course = (Course.LOST, Course.TAKEN_UNHEARD)[how % 2]
        world.chronicle.tell("the next commit of {} is {}", process, course.value)
        process.consumer.next_course = course
    return process is not None


@_weighing(0.5)
def lose_broker(world: World, _: int, __: int) -> bool:
    """Stop the broker."""
    was_there = not world.broker.away
    if was_there:
        world.chronicle.tell("the broker goes away")
        world.broker.away = True
    return was_there


@_weighing(8, _NORMAL)
def return_broker(world: World, _: int, __: int) -> bool:
    """Start it again."""
    was_away = world.broker.away
    if was_away:
        world.chronicle.tell("the broker is back")
        world.broker.away = False
    return was_away


@_weighing(0.5)
def set_clock(world: World, _: int, how: int) -> bool:
    """Let the wall clock jump, to either side or back to where it belongs."""
    seconds = (0.0, 3600.0, -3600.0, 86_400.0)[how % 4]
    world.chronicle.tell("the wall clock is {:+.0f} s off", seconds)
    world.clock.set_wall_clock(seconds)
    return True


def _committing(world: World) -> list[SimulatedConsumer]:
    return [one.consumer for one in world.processes if one.consumer.commits]


def _in_transaction(world: World) -> list[Invocation]:
    return [one for one in world.function.running if one.transaction is not None]
