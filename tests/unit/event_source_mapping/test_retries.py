from devstack.event_source_mapping.records import Batch, Record
from devstack.event_source_mapping.retries import JITTER, Retries, RetryDelays
from tests.unit.event_source_mapping.fakes import seeded


def batch(number: int, *partitions: int) -> Batch:
    return Batch(number, {p: [Record(p, 0, 0, b"{}", 0.0)] for p in partitions})


def test_delays_double_from_the_first_to_the_longest() -> None:
    delays = RetryDelays(first_seconds=1, longest_seconds=30, jitter=0)

    waits = [delays.after(attempts, seeded(1)) for attempts in (1, 2, 3, 5, 6, 7, 5000)]

    assert waits == [1, 2, 4, 16, 30, 30, 30]


def test_jitter_only_shortens_a_delay() -> None:
    delays = RetryDelays(first_seconds=1, longest_seconds=30)
    random = seeded(1)

    waits = [delays.after(1, random) for _ in range(1000)]

    assert 1 - JITTER <= min(waits) < max(waits) <= 1


def test_a_fault_of_any_length_is_followed_by_an_attempt_within_five_seconds() -> None:
    assert RetryDelays().after(1000, seeded(1)) <= 5


def test_what_has_been_due_for_longest_goes_first() -> None:
    retries = Retries()
    retries.put(batch(1, 0), due_at=5)
    retries.put(batch(2, 1), due_at=4)

    assert retries.take(3.9) is None
    taken = [retries.take(6), retries.take(6), retries.take(6)]

    assert [some and some.number for some in taken] == [2, 1, None]


def test_a_batch_keeps_the_partitions_that_were_not_taken_away() -> None:
    retries = Retries()
    retries.put(batch(1, 0, 1), due_at=5)
    retries.put(batch(2, 2), due_at=5)

    retries.drop([1, 2])

    assert list(retries.partitions()) == [0]
