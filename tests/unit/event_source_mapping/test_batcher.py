import pytest

from devstack.event_source_mapping.definition.choices import Choices
from devstack.event_source_mapping.polling.batcher import NOW, Batcher
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.records import Batch, Record
from tests.unit.event_source_mapping.fakes import offsets

FORMAT = EventFormat("orders", "b:9092", None)
NOBODY: frozenset[int] = frozenset()


def waiting(
    *places: tuple[int, int], at: float = 0.0, size: int = 100, window: float = 0.5
) -> Batcher:
    batcher = Batcher(FORMAT, size, window)
    for partition, offset in places:
        batcher.add(Record(partition, offset, 0, b"{}", at))
    return batcher


def taken(batch: Batch | None) -> list[tuple[int, int]]:
    return [] if batch is None else offsets(batch)


def test_a_batch_leaves_when_the_window_since_its_first_record_is_over() -> None:
    batcher = waiting((0, 1), at=10.0)
    batcher.add(Record(0, 2, 0, b"{}", 10.4))

    assert batcher.due_at(NOBODY) == 10.5
    assert batcher.take(10.49, NOBODY) is None
    assert taken(batcher.take(10.5, NOBODY)) == [(0, 1), (0, 2)]
    assert batcher.due_at(NOBODY) is None


def test_a_window_of_zero_sends_what_is_there() -> None:
    batcher = waiting((0, 1), (0, 2), at=10.0, window=0)

    assert taken(batcher.take(10.0, NOBODY)) == [(0, 1), (0, 2)]


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    batcher = waiting((0, 1), (1, 1), (0, 2), at=10.0, size=2)

    assert batcher.due_at(NOBODY) == NOW
    assert taken(batcher.take(10.0, NOBODY)) == [(0, 1), (0, 2)]
    assert batcher.take(10.0, NOBODY) is None


def test_an_event_of_six_megabytes_does_not_wait_and_is_never_larger() -> None:
    batcher = Batcher(FORMAT, 10_000, 300)
    for offset in range(4):
        batcher.add(Record(0, offset, 0, b"x" * (Choices().largest_event_bytes // 3), 10.0))

    batch = batcher.take(10.0, NOBODY)

    assert taken(batch) == [(0, 0), (0, 1)]
    assert batch is not None
    assert len(FORMAT.event(batch.records)) <= Choices().largest_event_bytes


@pytest.mark.parametrize(("spare", "sent"), [(0, 2), (-1, 1)])
def test_the_six_megabytes_are_used_to_the_last_byte(spare: int, sent: int) -> None:
    small = Record(0, 0, 0, b"{}", 0.0)
    room = (
        Choices().largest_event_bytes - len(FORMAT.event({0: [small, small]})) + len(small.encoded)
    )
    batcher = Batcher(FORMAT, 10_000, 0)
    batcher.add(small)
    batcher.add(Record(0, 1, 0, b"x" * (room - spare), 0.0))

    assert len(taken(batcher.take(0, NOBODY))) == sent


def test_a_batch_mixes_partitions_the_longest_waiting_first() -> None:
    batcher = waiting((0, 1), at=11.0, size=3)
    for offset in (7, 8):
        batcher.add(Record(2, offset, 0, b"{}", 10.0))

    assert taken(batcher.take(11.5, NOBODY)) == [(2, 7), (2, 8), (0, 1)]


def test_a_busy_partition_waits_and_does_not_hold_up_the_others() -> None:
    batcher = waiting((0, 1), (1, 1), at=10.0)

    assert taken(batcher.take(11.0, {0})) == [(1, 1)]
    assert batcher.due_at({0}) is None
    assert taken(batcher.take(11.0, NOBODY)) == [(0, 1)]


def test_dropped_partitions_are_gone() -> None:
    batcher = waiting((0, 1), (1, 1), at=10.0)

    batcher.drop(0)

    assert taken(batcher.take(11.0, NOBODY)) == [(1, 1)]


def test_what_is_put_back_waits_where_its_offsets_belong() -> None:
    batcher = waiting((0, 4), (0, 5), size=4, window=0)
    first, later = (
        Batch({0: [Record(0, offset, 0, b"{}", 0.0) for offset in offsets_back]})
        for offsets_back in ((0, 1, 2), (3,))
    )

    batcher.put_back(first)
    batcher.put_back(later)

    assert taken(batcher.take(0.0, NOBODY)) == [(0, 0), (0, 1), (0, 2), (0, 3)]
