"""What a source is told that delivers again by itself: what waits, and what is given up."""

from tests.unit.event_source_mapping.fakes import (
    ACCEPTED,
    FAILED,
    THROTTLED,
    FakeMapping,
    FakeRedelivery,
    ScriptedDestination,
    failing,
    record,
)


def mapping(told: FakeRedelivery, *records: int, **changes: object) -> FakeMapping:
    made = FakeMapping(0, redelivery=told, **changes)  # type: ignore[arg-type] # a mapping's own
    made.consumer.produce(*(record(0, offset) for offset in records))
    made.run()
    return made


def test_a_batch_that_waits_is_told_with_its_delay() -> None:
    told = FakeRedelivery()
    made = mapping(told, 1, 2)

    made.answer(FAILED, THROTTLED)
    made.answer(ACCEPTED)

    (first, first_delay), (second, second_delay) = told.retries
    assert first == second == [(0, 1), (0, 2)]
    assert 0 < first_delay < second_delay
    assert not told.given_up


def test_only_the_records_that_are_tried_again_are_told() -> None:
    told = FakeRedelivery()
    made = mapping(told, 1, 2, 3)

    made.answer(failing(("orders-0", 2)))

    assert [batch for batch, _ in told.retries] == [[(0, 2)]]


def test_the_halves_of_a_batch_wait_by_themselves() -> None:
    told = FakeRedelivery()
    made = mapping(told, 1, 2, bisect_on_function_error=True)

    made.answer(FAILED)

    assert [batch for batch, _ in told.retries] == [[(0, 1)], [(0, 2)]]


def test_what_is_dropped_is_told_before_it_is_committed() -> None:
    told = FakeRedelivery()
    made = mapping(told, 1, maximum_retry_attempts=0)
    made.consumer.on_commit = lambda _: told.given_up.append("committed")

    made.answer(FAILED)

    assert told.given_up == [[(0, 1)], "committed"]
    assert not told.retries


def test_what_goes_to_a_destination_is_told_once_it_is_there() -> None:
    told, destination = FakeRedelivery(), ScriptedDestination(at_once=False)
    made = mapping(told, 1, maximum_retry_attempts=0, destination=destination)

    made.answer(FAILED)
    before = list(told.given_up)
    destination.deliver(destination.submitted[0])
    made.run()

    assert not before
    assert told.given_up == [[(0, 1)]]


def test_what_was_taken_away_meanwhile_is_not_told() -> None:
    told, destination = FakeRedelivery(), ScriptedDestination(at_once=False)
    made = mapping(told, 1, maximum_retry_attempts=0, destination=destination)

    made.answer(FAILED)
    made.consumer.revoke(0)
    made.run()
    destination.deliver(destination.submitted[0])
    made.run()

    assert not told.given_up
