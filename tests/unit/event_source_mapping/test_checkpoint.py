import pytest

from devstack.event_source_mapping.checkpoint import (
    SECONDS_AFTER_FAILED_COMMIT,
    Checkpoint,
    OffsetOrderError,
)


def polled(*offsets: int) -> Checkpoint:
    checkpoint = Checkpoint()
    for offset in offsets:
        checkpoint.track(0, offset)
    return checkpoint


def test_the_offset_after_the_last_resolved_record_is_committed_once() -> None:
    checkpoint = polled(5, 6)

    checkpoint.resolve(0, [5, 6])

    assert checkpoint.take(0) == {0: 7}
    assert checkpoint.take(0) == {}


def test_a_commit_never_passes_an_unresolved_record() -> None:
    checkpoint = polled(5, 6, 7)

    checkpoint.resolve(0, [5, 7])

    assert checkpoint.take(0) == {0: 6}
    checkpoint.resolve(0, [6])
    assert checkpoint.take(0) == {0: 8}


def test_nothing_is_committed_while_the_first_record_is_unresolved() -> None:
    checkpoint = polled(5, 6)

    checkpoint.resolve(0, [6])

    assert checkpoint.take(0) == {}


def test_offsets_that_kafka_left_out_do_not_hold_it_up() -> None:
    checkpoint = polled(5, 9, 40)

    checkpoint.resolve(0, [5, 9])

    assert checkpoint.take(0) == {0: 10}


def test_partitions_do_not_hold_each_other_up() -> None:
    checkpoint = polled(5)
    checkpoint.track(1, 100)

    checkpoint.resolve(1, [100])

    assert checkpoint.take(0) == {1: 101}


def test_a_failed_commit_is_offered_again_after_a_while() -> None:
    checkpoint = polled(5)
    checkpoint.resolve(0, [5])
    checkpoint.take(0)

    checkpoint.commit_failed([0], now=10)

    assert checkpoint.take(10) == {}
    assert checkpoint.take(10 + SECONDS_AFTER_FAILED_COMMIT) == {0: 6}


def test_a_forgotten_partition_is_not_committed_and_may_begin_anew() -> None:
    checkpoint = polled(5)
    checkpoint.resolve(0, [5])

    checkpoint.forget(0)

    assert checkpoint.take(0) == {}
    checkpoint.track(0, 3)
    assert checkpoint.unresolved == 1


def test_offsets_that_go_back_are_refused() -> None:
    checkpoint = polled(5)

    with pytest.raises(OffsetOrderError, match="offset 5 came after 5"):
        checkpoint.track(0, 5)
