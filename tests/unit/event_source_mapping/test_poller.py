import logging

import pytest

from devstack.event_source_mapping.definition.choices import Choices
from devstack.event_source_mapping.polling.in_flight import MAXIMUM_BATCHES_IN_FLIGHT
from devstack.event_source_mapping.polling.poller import IDLE_POLL_SECONDS
from tests.unit.event_source_mapping.fakes import (
    ACCEPTED,
    FAILED,
    THROTTLED,
    FakeMapping,
    failing,
    offsets,
    record,
)

NO_JITTER = Choices(first_retry_seconds=1.0, longest_retry_seconds=30.0, retry_jitter=0.0)


def test_what_is_there_is_sent_in_the_step_that_finds_it() -> None:
    mapping = FakeMapping(0)
    mapping.consumer.produce(record(0, 0), record(0, 1))

    mapping.poller.step()

    assert mapping.sent() == [[(0, 0), (0, 1)]]


def test_an_idle_poller_waits_in_the_poll_and_nowhere_else() -> None:
    mapping = FakeMapping(0)

    mapping.poller.step()

    assert mapping.consumer.waited == [IDLE_POLL_SECONDS]
    assert mapping.clock.now == IDLE_POLL_SECONDS


def test_the_window_ends_a_poll_in_time() -> None:
    mapping = FakeMapping(0, window_seconds=0.05)
    mapping.consumer.produce(record(0, 0))

    mapping.run(0.05)

    assert mapping.sent() == [[(0, 0)]]
    assert mapping.clock.now == pytest.approx(0.05, abs=0.005)


def test_nothing_is_committed_before_the_function_has_accepted_it() -> None:
    mapping = FakeMapping(0)
    mapping.consumer.produce(record(0, 0), record(0, 1))
    mapping.run()
    assert mapping.consumer.committed == {}

    mapping.invoker.answer(ACCEPTED)
    mapping.run()

    assert mapping.consumer.committed == {0: 2}
    assert mapping.poller.held_bytes == 0


def test_a_partition_has_one_batch_on_its_way_and_the_next_follows() -> None:
    mapping = FakeMapping(0)
    mapping.consumer.produce(record(0, 0))
    mapping.run()
    mapping.consumer.produce(record(0, 1), record(0, 2))
    mapping.run()
    assert mapping.sent() == [[(0, 0)]]

    mapping.invoker.answer(ACCEPTED)
    mapping.run()

    assert mapping.sent() == [[(0, 0)], [(0, 1), (0, 2)]]


def test_five_batches_are_on_their_way_at_most() -> None:
    mapping = FakeMapping(*range(8), batch_size=1)
    mapping.consumer.produce(*(record(partition, 0) for partition in range(8)))

    mapping.run()

    assert mapping.poller.in_flight == len(mapping.invoker.submitted) == MAXIMUM_BATCHES_IN_FLIGHT
    mapping.invoker.answer(ACCEPTED)
    mapping.run()
    assert len(mapping.invoker.submitted) == MAXIMUM_BATCHES_IN_FLIGHT + 1
    assert min(mapping.consumer.waited[1:]) > 0


def test_a_failed_batch_is_sent_again_whole_and_later_each_time() -> None:
    mapping = FakeMapping(0, choices=NO_JITTER)
    mapping.consumer.produce(record(0, 0), record(0, 1))
    mapping.run()
    mapping.consumer.produce(record(0, 2))
    sent_at = []

    for outcome in (FAILED, FAILED, THROTTLED, FAILED):
        mapping.invoker.answer(outcome)
        before = mapping.clock.now
        while not mapping.invoker.in_flight:
            mapping.poller.step()
        sent_at.append(mapping.clock.now - before)

    assert sent_at == pytest.approx([1, 2, 4, 8], abs=0.005)
    assert mapping.sent() == [[(0, 0), (0, 1)]] * 5
    assert next(iter(mapping.invoker.in_flight[0])).tries[:3] == (4, 3, 3)
    assert mapping.consumer.committed == {}


def test_only_what_a_partial_response_lists_is_sent_again_alone_before_anything_newer() -> None:
    mapping = FakeMapping(0, 1)
    mapping.consumer.produce(*(record(0, n) for n in range(4)), record(1, 0))
    mapping.run()
    mapping.consumer.produce(record(0, 4), record(1, 1))

    mapping.invoker.answer(failing(("orders-0", 1), ("orders-0", 3)))
    mapping.run(0.3)

    assert mapping.sent()[1:] == [[(1, 1)], [(0, 1), (0, 3)]]
    assert mapping.consumer.committed == {0: 1, 1: 1}
    for _ in range(2):
        mapping.invoker.answer(ACCEPTED)
    mapping.run()
    assert mapping.sent()[3:] == [[(0, 4)]]
    assert mapping.consumer.committed == {0: 4, 1: 2}


def test_a_failing_partition_does_not_hold_up_the_others() -> None:
    mapping = FakeMapping(0, 1, batch_size=1)
    mapping.consumer.produce(record(0, 0), record(1, 0), record(1, 1))
    mapping.run()

    mapping.invoker.answer(FAILED)
    mapping.invoker.answer(ACCEPTED)
    mapping.run()

    assert mapping.sent() == [[(0, 0)], [(1, 0)], [(1, 1)]]


def test_a_record_too_large_for_any_event_is_dropped_with_its_coordinates(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mapping = FakeMapping(0)
    large = record(0, 1, value=bytes(Choices().largest_event_bytes))
    mapping.consumer.produce(record(0, 0), large, record(0, 2))

    with caplog.at_level(logging.ERROR):
        mapping.run()
    mapping.invoker.answer(ACCEPTED)
    mapping.run()

    assert mapping.sent() == [[(0, 0), (0, 2)]]
    assert mapping.consumer.committed == {0: 3}
    assert "1 records of partitions 0[1…1]" in caplog.text
    assert "MaximumPayloadSizeExceeded" in caplog.text


def test_waiting_records_of_a_revoked_partition_are_not_sent() -> None:
    mapping = FakeMapping(0, 1, window_seconds=1.0)
    mapping.consumer.produce(record(0, 0), record(1, 0))
    mapping.run()

    mapping.consumer.revoke(0)
    mapping.run(1.0)

    assert mapping.sent() == [[(1, 0)]]


def test_a_batch_that_comes_back_after_its_partition_has_gone_commits_nothing_of_it() -> None:
    mapping = FakeMapping(0, 1)
    mapping.consumer.produce(record(0, 0), record(1, 0))
    mapping.run()

    mapping.consumer.revoke(0)
    mapping.run()
    mapping.invoker.answer(ACCEPTED)
    mapping.run()

    assert mapping.consumer.committed == {1: 1}


def test_what_was_resolved_is_committed_before_a_partition_goes() -> None:
    mapping = FakeMapping(0)
    mapping.consumer.produce(record(0, 0))
    mapping.run()
    mapping.invoker.answer(ACCEPTED)
    mapping.consumer.lose_commits(0)
    mapping.run()
    mapping.consumer.committed.clear()
    mapping.clock.now += 2

    mapping.consumer.revoke(0)
    mapping.run()

    assert mapping.consumer.committed == {0: 1}


def test_a_partition_that_returns_waits_for_the_batch_it_had_on_its_way() -> None:
    mapping = FakeMapping(0)
    mapping.consumer.produce(record(0, 0), record(0, 1))
    mapping.run()
    mapping.consumer.revoke(0)
    mapping.consumer.assign(0)
    mapping.run()
    assert mapping.poller.in_flight == 1

    mapping.invoker.answer(FAILED)
    mapping.run(1.0)

    assert mapping.sent() == [[(0, 0), (0, 1)]] * 2
    assert mapping.invoker.in_flight[0].attempts == 0


def test_a_waiting_retry_of_a_revoked_partition_is_given_up() -> None:
    mapping = FakeMapping(0, 1, choices=NO_JITTER)
    mapping.consumer.produce(record(0, 0), record(1, 0))
    mapping.run()
    mapping.invoker.answer(FAILED)
    mapping.run()

    mapping.consumer.revoke(0)
    mapping.run(1.0)

    assert mapping.sent()[1:] == [[(1, 0)]]


def test_a_lost_commit_is_made_again() -> None:
    mapping = FakeMapping(0)
    mapping.consumer.produce(record(0, 0))
    mapping.run()
    mapping.invoker.answer(ACCEPTED)
    mapping.run()
    mapping.consumer.committed.clear()

    mapping.consumer.lose_commits(0)
    mapping.run(2.0)

    assert mapping.consumer.committed == {0: 1}


def test_a_blocked_partition_is_paused_when_its_share_of_memory_is_full_and_the_other_is_not() -> (
    None
):
    mapping = FakeMapping(0, 1, maximum_held_bytes=200_000, batch_size=10)
    mapping.consumer.records_a_poll = 10
    mapping.consumer.produce(*(record(0, n, value=bytes(1000)) for n in range(500)))
    mapping.run()
    for _ in range(100):
        mapping.poller.step()
    assert mapping.consumer.paused == {0}
    assert mapping.poller.held_bytes < 100_000 + 10 * 1500

    mapping.consumer.produce(record(1, 0))
    mapping.run()

    assert offsets(mapping.invoker.in_flight[-1]) == [(1, 0)]


def test_a_paused_partition_goes_on_when_half_its_share_is_free_and_nothing_is_left_out() -> None:
    mapping = FakeMapping(0, maximum_held_bytes=100_000, batch_size=10)
    mapping.consumer.records_a_poll = 10
    mapping.consumer.produce(*(record(0, n, value=bytes(1000)) for n in range(500)))

    for _ in range(500):
        mapping.poller.step()
        if mapping.invoker.in_flight and mapping.poller.held_bytes > 80_000:
            mapping.invoker.answer(ACCEPTED)
    while mapping.consumer.committed.get(0) != 500:
        if mapping.invoker.in_flight:
            mapping.invoker.answer(ACCEPTED)
        mapping.poller.step()

    sent = [place for batch in mapping.sent() for place in batch]
    assert sent == [(0, n) for n in range(500)]


def test_a_stopping_poller_sends_nothing_more_and_commits_what_comes_back() -> None:
    mapping = FakeMapping(0, 1, batch_size=1)
    mapping.consumer.produce(record(0, 0), record(1, 0), record(0, 1))
    mapping.run()

    mapping.poller.stop()
    mapping.invoker.answer(ACCEPTED)
    mapping.invoker.answer(FAILED)
    mapping.run(10.0)

    assert mapping.sent() == [[(0, 0)], [(1, 0)]]
    assert mapping.consumer.committed == {0: 1}
    assert mapping.poller.in_flight == 0


def test_a_record_that_expired_before_success_is_passed_and_not_counted_as_dropped() -> None:
    mapping = FakeMapping(0, batch_size=1, choices=NO_JITTER)
    mapping.consumer.produce(record(0, 0), record(0, 1))
    mapping.answer(FAILED)

    mapping.poller.expire({0: 1})
    mapping.run()

    assert mapping.sent() == [[(0, 0)], [(0, 1)]]
    assert mapping.consumer.committed == {0: 1}
    assert "DroppedEventCount" not in mapping.reporter.counted()


def test_a_poller_whose_batches_do_not_reach_the_function_asks_for_no_other() -> None:
    mapping = FakeMapping(0, batch_size=1, choices=NO_JITTER)
    mapping.consumer.produce(record(0, 0), record(0, 1))

    mapping.answer(THROTTLED)
    throttled = mapping.poller.saturated
    mapping.answer(FAILED)

    assert (throttled, mapping.poller.saturated) == (False, True)


def test_a_filtered_record_that_no_event_could_hold_is_passed_over() -> None:
    choices = Choices(filtered_records_fill_batches=True, largest_event_bytes=700)
    pattern = '{"value": [{"anything-but": {"prefix": "skip"}}]}'
    mapping = FakeMapping(0, choices=choices, patterns=(pattern,))
    mapping.consumer.produce(record(0, 0, b"skip" * 300), record(0, 1, b"keep"))

    mapping.run()

    assert mapping.sent() == [[(0, 1)]]
