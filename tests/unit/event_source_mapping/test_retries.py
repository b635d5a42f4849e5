import pytest

from devstack.event_source_mapping.definition.choices import Choices
from devstack.event_source_mapping.polling.records import Batch, Record
from devstack.event_source_mapping.polling.retries import Retries, delay_seconds
from tests.unit.event_source_mapping.fakes import seeded

NOBODY: frozenset[int] = frozenset()


def batch(*places: tuple[int, int]) -> Batch:
    return Batch({p: [Record(p, offset, 0, b"{}", 0.0)] for p, offset in places})


def test_delays_double_from_the_first_to_the_longest() -> None:
    choices = Choices(first_retry_seconds=1, longest_retry_seconds=30, retry_jitter=0)

    waits = [delay_seconds(n, choices, seeded(1)) for n in (1, 2, 3, 5, 6, 7, 5000)]

    assert waits == [1, 2, 4, 16, 30, 30, 30]


def test_jitter_only_shortens_a_delay() -> None:
    choices = Choices(first_retry_seconds=1, longest_retry_seconds=30, retry_jitter=0.2)
    random = seeded(1)

    waits = [delay_seconds(1, choices, random) for _ in range(1000)]

    assert 0.8 <= min(waits) < max(waits) <= 1


def test_a_fault_of_any_length_is_followed_by_an_attempt_within_five_seconds() -> None:
    assert delay_seconds(1000, Choices(), seeded(1)) <= 5


def test_what_has_been_due_for_longest_goes_first() -> None:
    late, early = batch((0, 0)), batch((1, 0))
    retries = Retries()
    retries.put(late, due_at=5)
    retries.put(early, due_at=4)

    assert retries.take(3.9, NOBODY) is None
    taken = [retries.take(6, NOBODY) for _ in range(3)]

    assert taken == [early, late, None]


@pytest.mark.parametrize("due_at", [3, 5, 7])
def test_of_a_partition_the_lowest_offsets_go_first_however_long_they_wait(due_at: float) -> None:
    low, high = batch((0, 1), (1, 1)), batch((0, 2))
    retries = Retries()
    retries.put(high, due_at=5)
    retries.put(low, due_at=due_at)

    taken = [retries.take(due_at, NOBODY), retries.take(9, NOBODY)]

    assert taken == [low, high]


def test_a_batch_of_a_busy_partition_waits_and_does_not_hold_up_the_others() -> None:
    blocked, other = batch((0, 1), (1, 1)), batch((2, 1))
    retries = Retries()
    retries.put(blocked, due_at=5)
    retries.put(other, due_at=6)

    assert retries.due_at({1}) == 6
    assert retries.take(9, {1}) is other
    assert retries.due_at({1}) is None


def test_a_batch_keeps_the_partitions_that_were_not_taken_away() -> None:
    retries = Retries()
    retries.put(batch((0, 0), (1, 0)), due_at=5)
    retries.put(batch((2, 0)), due_at=5)

    retries.drop([1, 2])

    assert list(retries.partitions()) == [0]


def test_what_the_topic_does_not_keep_is_taken_out() -> None:
    retries = Retries()
    retries.put(batch((0, 0), (1, 3)), due_at=5)
    retries.put(batch((0, 1)), due_at=5)
    retries.put(batch((2, 7)), due_at=5)

    expired = retries.expire({0: 2, 1: 3})

    assert {p: [record.offset for record in some] for p, some in expired.items()} == {0: [0, 1]}
    assert list(retries.partitions()) == [1, 2]
