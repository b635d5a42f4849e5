from itertools import count

import pytest
from pg8000.exceptions import InterfaceError

from devstack.prove.arena.stack import GoneError
from devstack.prove.load.places import Place, Places
from devstack.prove.watching import Sample, Watching


class Ledger:
    """Stands in for PostgreSQL: partition → how many records are settled, from offset 0 on."""

    def __init__(self) -> None:
        self.settled: dict[int, int] = {}
        self.fails: Exception | None = None
        self.connections = self.open = 0

    def connect(self, _seconds: float) -> "Ledger":
        self._fail()
        self.connections += 1
        self.open += 1
        return self

    def run(self, _: str, **__: object) -> list[tuple[int, int, int]]:
        self._fail()
        return [(partition, settled, settled) for partition, settled in self.settled.items()]

    def close(self) -> None:
        self.open -= 1

    def _fail(self) -> None:
        if self.fails:
            raise self.fails


class HandLoad:
    def __init__(self) -> None:
        self.places = Places(100)
        self.next_number = 0
        self.by_partition: dict[int, int] = {}

    def has(self, sent: int, **acknowledged: int) -> None:
        """Say how many were sent and, as p0=…, acknowledged."""
        self.next_number = sent
        self.by_partition = {int(name[1:]): many for name, many in acknowledged.items()}


class World:
    """Its clock tells half seconds, once for each look; a look at second n begins at n - 0.5."""

    def __init__(self) -> None:
        self.ledger, self.load = Ledger(), HandLoad()
        ticks = count(1)
        self.watching = Watching(
            self.ledger.connect,
            self.load,
            topic="orders",
            first_offset=0,
            now=lambda: next(ticks) / 2,
        )

    def look(self, settled: dict[int, int], sent: int, **acknowledged: int) -> None:
        self.ledger.settled = settled
        self.load.has(sent, **acknowledged)
        self.watching.look()


@pytest.fixture
def world() -> World:
    return World()


def test_a_sample_tells_how_far_work_had_come(world: World) -> None:
    world.look({0: 3, 1: 4}, 11, p0=4, p1=6)

    assert world.watching.samples == [
        Sample(at=1.0, acknowledged=10, settled=7, by_partition={0: 3, 1: 4})
    ]


def test_work_goes_on_when_every_partition_has_settled_more_than_had_waited(world: World) -> None:
    world.look({0: 2, 1: 2}, 9, p0=4, p1=4)
    world.look({0: 4, 1: 5}, 12, p0=6, p1=6)
    assert world.watching.moved(since=0.4) is None

    world.look({0: 5, 1: 5}, 14, p0=7, p1=7)

    assert world.watching.moved(since=0.4) == 3.0


def test_work_does_not_go_on_while_the_producer_cannot_deliver(world: World) -> None:
    world.look({0: 2}, 9, p0=4)

    world.look({0: 4}, 90, p0=4)

    assert world.watching.moved(since=0.0) is None


def test_where_nothing_is_left_to_do_work_goes_on(world: World) -> None:
    world.look({0: 2, 1: 4}, 8, p0=4, p1=4)
    world.look({0: 4, 1: 4}, 8, p0=4, p1=4)

    assert world.watching.moved(since=0.0) == 2.0


def test_what_was_seen_before_does_not_count_as_going_on(world: World) -> None:
    world.look({0: 2}, 9, p0=4)
    world.look({0: 5}, 12, p0=8)

    assert world.watching.moved(since=1.6) is None
    assert world.watching.moved(since=0.0) == 2.0


def test_a_record_is_settled_when_all_before_it_in_its_partition_are(world: World) -> None:
    world.load.places.put(7, Place(1, 3, 0))
    world.look({0: 9, 1: 3}, 20, p0=9, p1=9)
    assert world.watching.settled_at(7) is None

    for settled in (4, 6):
        world.look({0: 9, 1: settled}, 20, p0=9, p1=9)

    assert world.watching.settled_at(7) == 2.0
    assert world.watching.settled_at(8) is None, "it is not even acknowledged"


@pytest.mark.parametrize(
    "failure", [GoneError("away"), TimeoutError("silent"), InterfaceError("network error")]
)
def test_there_is_a_gap_while_the_server_is_away_and_a_new_connection_after_it(
    world: World, failure: Exception
) -> None:
    world.look({0: 1}, 9, p0=4)
    world.ledger.fails = failure
    for _ in range(3):
        world.watching.look()
    assert world.ledger.open == 0
    world.ledger.fails = None

    world.look({0: 2}, 9, p0=4)

    assert [sample.settled for sample in world.watching.samples] == [1, 2]
    assert (world.ledger.connections, world.ledger.open) == (2, 1)
