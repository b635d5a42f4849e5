import pytest

from devstack.event_source_mapping.polling.checkpoint import (
    SECONDS_AFTER_FAILED_COMMIT,
    Checkpoint,
    OffsetOrderError,
    Progress,
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
    assert checkpoint.progress() == {0: Progress(consumed=4, processed=None, committed=None)}


def test_offsets_that_go_back_are_refused() -> None:
    checkpoint = polled(5)

    with pytest.raises(OffsetOrderError, match="offset 5 came after 5"):
        checkpoint.track(0, 5)


def test_filtered_records_are_committed_with_the_record_behind_them() -> None:
    checkpoint = polled(5, 6)

    checkpoint.pass_over(0, [5])

    assert checkpoint.take(0) == {}
    checkpoint.resolve(0, [6])
    assert checkpoint.take(0) == {0: 7}


def test_a_poll_that_is_filtered_out_whole_is_committed_at_once() -> None:
    checkpoint = polled(5, 6)

    checkpoint.pass_over(0, [5])
    checkpoint.pass_over(0, [6])

    assert checkpoint.take(0) == {0: 7}


def test_what_the_group_holds_is_counted_from_the_first_record_on() -> None:
    checkpoint = polled(5, 6, 9)
    checkpoint.track(1, 100)

    assert checkpoint.committed({0: 7}) == 2
    assert checkpoint.committed({0: 10, 1: 101, 2: 50}) == 4
    assert checkpoint.committed({0: 10}) == 0
