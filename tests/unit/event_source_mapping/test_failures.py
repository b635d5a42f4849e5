from devstack.event_source_mapping.definition.choices import Choices
from tests.unit.event_source_mapping.fakes import (
    ACCEPTED,
    FAILED,
    THROTTLED,
    FakeMapping,
    ScriptedDestination,
    failing,
    record,
)

SOON = Choices(first_retry_seconds=0.01, longest_retry_seconds=0.01)


def test_a_batch_is_given_up_after_its_retries_and_the_partition_goes_on() -> None:
    destination = ScriptedDestination()
    mapping = FakeMapping(0, choices=SOON, destination=destination, maximum_retry_attempts=2)
    mapping.consumer.produce(record(0, 0), record(0, 1))
    mapping.run()
    mapping.consumer.produce(record(0, 2))

    mapping.answer(FAILED, FAILED, FAILED, ACCEPTED)

    assert mapping.sent() == [[(0, 0), (0, 1)]] * 3 + [[(0, 2)]]
    assert destination.received() == [("RetryAttemptsExhausted", [(0, 0), (0, 1)])]
    assert destination.submitted[0].invoke_count == 3
    assert destination.submitted[0].last_answer == FAILED
    assert mapping.consumer.committed == {0: 3}
    assert mapping.poller.held_bytes == 0
    assert mapping.reporter.counted() == {
        "PolledEventCount": 3,
        "InvokedEventCount": 7,
        "FailedInvokeEventCount": 6,
        "InvokeErrorCount": 3,
        "OnFailureDestinationDeliveredEventCount": 2,
        "CommittedEventCount": 3,
    }


def test_no_retries_means_one_attempt() -> None:
    mapping = FakeMapping(0, maximum_retry_attempts=0)
    mapping.consumer.produce(record(0, 0))

    mapping.answer(FAILED)

    assert mapping.consumer.committed == {0: 1}
    assert mapping.reporter.counted()["DroppedEventCount"] == 1


def test_what_is_given_up_is_not_committed_before_it_is_delivered() -> None:
    destination = ScriptedDestination(at_once=False)
    mapping = FakeMapping(0, destination=destination, maximum_retry_attempts=0)
    mapping.consumer.produce(record(0, 0))
    mapping.answer(FAILED)
    assert mapping.consumer.committed == {}
    assert mapping.poller.in_flight == 1

    destination.deliver(destination.submitted[0])
    mapping.run()

    assert mapping.consumer.committed == {0: 1}
    assert mapping.poller.in_flight == 0


def test_a_delivery_that_fails_drops_the_records() -> None:
    destination = ScriptedDestination()
    destination.fault = "no such queue"
    mapping = FakeMapping(0, destination=destination, maximum_retry_attempts=0)
    mapping.consumer.produce(record(0, 0), record(0, 1))

    mapping.answer(FAILED)

    assert mapping.consumer.committed == {0: 2}
    counted = mapping.reporter.counted()
    assert counted["DroppedEventCount"] == 2
    assert counted["OnFailureDestinationDeliveryErrorCount"] == 1
    assert "OnFailureDestinationDeliveredEventCount" not in counted


def test_throttles_use_up_no_retries() -> None:
    mapping = FakeMapping(0, choices=SOON, maximum_retry_attempts=1)
    mapping.consumer.produce(record(0, 0))

    mapping.answer(THROTTLED, THROTTLED, FAILED, THROTTLED, ACCEPTED)

    assert mapping.sent() == [[(0, 0)]] * 5
    assert mapping.consumer.committed == {0: 1}
    assert "DroppedEventCount" not in mapping.reporter.counted()


def test_only_the_records_that_failed_too_often_are_given_up() -> None:
    destination = ScriptedDestination()
    mapping = FakeMapping(0, choices=SOON, destination=destination, maximum_retry_attempts=1)
    mapping.consumer.produce(*(record(0, n) for n in range(4)))

    mapping.answer(failing(("orders-0", 1), ("orders-0", 2)), failing(("orders-0", 2)))

    assert mapping.sent() == [[(0, 0), (0, 1), (0, 2), (0, 3)], [(0, 1), (0, 2)]]
    assert destination.received() == [("RetryAttemptsExhausted", [(0, 2)])]
    assert mapping.consumer.committed == {0: 4}


def test_a_bisected_batch_ends_at_the_record_that_fails() -> None:
    destination = ScriptedDestination()
    mapping = FakeMapping(
        0,
        choices=SOON,
        destination=destination,
        maximum_retry_attempts=1,
        bisect_on_function_error=True,
    )
    mapping.consumer.produce(*(record(0, n) for n in range(4)))

    mapping.answer(FAILED, FAILED, ACCEPTED, FAILED, FAILED, ACCEPTED)

    everything, low, high = [(0, 0), (0, 1), (0, 2), (0, 3)], [(0, 0), (0, 1)], [(0, 2), (0, 3)]
    assert mapping.sent() == [everything, low, [(0, 0)], [(0, 1)], [(0, 1)], high]
    assert destination.received() == [("RetryAttemptsExhausted", [(0, 1)])]
    assert mapping.consumer.committed == {0: 4}


def test_halves_of_different_partitions_do_not_wait_for_each_other() -> None:
    mapping = FakeMapping(0, 1, choices=SOON, bisect_on_function_error=True)
    mapping.consumer.produce(record(0, 0), record(1, 0))

    mapping.answer(FAILED)
    mapping.run(0.1)

    assert sorted(mapping.sent()[1:]) == [[(0, 0)], [(1, 0)]]
    assert mapping.poller.in_flight == 2


def test_a_partial_response_is_not_bisected() -> None:
    mapping = FakeMapping(0, choices=SOON, bisect_on_function_error=True)
    mapping.consumer.produce(*(record(0, n) for n in range(4)))

    mapping.answer(failing(("orders-0", 1), ("orders-0", 3)), ACCEPTED)

    assert mapping.sent()[1:] == [[(0, 1), (0, 3)]]


def test_records_too_old_are_given_up_before_the_next_attempt_and_the_others_go_on() -> None:
    destination = ScriptedDestination()
    mapping = FakeMapping(0, choices=SOON, destination=destination, maximum_record_age_seconds=60)
    young = record(0, 1)._replace(timestamp_ms=record(0, 1).timestamp_ms + 30_000)
    mapping.consumer.produce(record(0, 0), young)
    mapping.run()

    mapping.clock.now += 61
    mapping.answer(FAILED, ACCEPTED)

    assert mapping.sent() == [[(0, 0), (0, 1)], [(0, 1)]]
    assert destination.received() == [("RecordAgeExceeded", [(0, 0)])]
    assert mapping.consumer.committed == {0: 2}


def test_records_that_arrive_too_old_are_never_sent() -> None:
    destination = ScriptedDestination()
    mapping = FakeMapping(0, destination=destination, maximum_record_age_seconds=60)
    mapping.clock.now += 61
    mapping.consumer.produce(record(0, 0), record(0, 1))

    mapping.run()

    assert mapping.sent() == []
    assert destination.received() == [("RecordAgeExceeded", [(0, 0), (0, 1)])]
    assert destination.submitted[0].last_answer is None
    assert mapping.consumer.committed == {0: 2}


def test_a_partition_taken_away_during_a_delivery_is_not_committed() -> None:
    destination = ScriptedDestination(at_once=False)
    mapping = FakeMapping(0, destination=destination, maximum_retry_attempts=0)
    mapping.consumer.produce(record(0, 0))
    mapping.answer(FAILED)

    mapping.consumer.revoke(0)
    mapping.run()
    destination.deliver(destination.submitted[0])
    mapping.run()

    assert mapping.consumer.committed == {}
    assert mapping.poller.in_flight == 0
