"""Records become events within a mapping's limits, in their order."""

from collections.abc import Iterable
from itertools import chain, pairwise

from hypothesis import given
from hypothesis import strategies as st

from devstack.event_source_mapping.definition.choices import Choices
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.records import ConsumedRecord, Record
from devstack.replay.events import Event, SourcedRecord, packed, sourced

FORMAT = EventFormat("orders", "broker:9092", None, Choices(largest_event_bytes=2000))


def record(
    partition: int, offset: int, size: int = 10, event_format: EventFormat = FORMAT
) -> SourcedRecord:
    consumed = ConsumedRecord(partition, offset, 1, "CREATE_TIME", None, bytes(size), ())
    made = Record(partition, offset, 1, event_format.encode(consumed), arrived_at=0)
    return SourcedRecord(made, event_format, f"orders-{partition}", offset + 1)


def offsets(event: Event) -> dict[int, list[int]]:
    return {p: [one.offset for one in some] for p, some in event.batch.records.items()}


def payload(event: Event) -> bytes:
    return event.payload(event.batch)


def pack(records: Iterable[SourcedRecord], size: int = 100) -> list[Event]:
    return list(packed(records, size))


def test_an_event_ends_at_the_batch_size() -> None:
    events = pack((record(offset % 2, offset) for offset in range(5)), size=2)

    assert [offsets(event) for event in events] == [{0: [0], 1: [1]}, {0: [2], 1: [3]}, {0: [4]}]


def test_an_event_ends_where_the_next_record_would_exceed_its_bytes() -> None:
    first, *others = pack(record(0, offset, size=300) for offset in range(9))

    one_more = {0: [*first.batch.records[0], others[0].batch.records[0][0]]}
    assert len(payload(first)) <= 2000 < len(FORMAT.event(one_more))


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 1200)), max_size=40), st.integers(1, 9)
)
def test_no_record_is_lost_or_moved_and_no_event_exceeds_its_limits(
    drawn: list[tuple[int, int]], size: int
) -> None:
    given_records = [record(p, offset, length) for offset, (p, length) in enumerate(drawn)]

    events = pack(given_records, size)

    by_event = (sorted(one.offset for one in event.batch) for event in events)
    assert [*chain.from_iterable(by_event)] == [*range(len(drawn))]
    for event in events:
        assert len(event.batch) <= size
        assert len(payload(event)) <= 2000
        assert all(a < b for some in offsets(event).values() for a, b in pairwise(some))


def test_a_record_that_fits_into_no_event_gets_one_of_its_own() -> None:
    events = pack([record(0, 0), record(0, 1, size=3000), record(0, 2)])

    assert [offsets(event) for event in events] == [{0: [0]}, {0: [1]}, {0: [2]}]
    assert len(payload(events[1])) > 2000


def test_records_of_another_source_begin_another_event() -> None:
    other = EventFormat("other", "broker:9092", None)

    events = pack([record(0, 0), record(0, 7, event_format=other), record(0, 1)])

    assert [offsets(event) for event in events] == [{0: [0]}, {0: [7]}, {0: [1]}]
    assert b'"other-0"' in payload(events[1])


def test_the_bookmark_of_an_event_leads_past_the_last_record_of_each_place() -> None:
    (event,) = pack([record(0, 4), record(1, 8), record(0, 5)])

    assert event.bookmark == {"orders-0": 6, "orders-1": 9}


def test_records_that_stood_together_are_behind_only_when_the_last_of_them_is() -> None:
    (together,) = pack([record(0, 4), record(0, 5)])

    first, second = pack(sourced(together.batch, FORMAT, "letters-0", 70), size=1)

    assert first.bookmark == {"letters-0": 70}
    assert second.bookmark == {"letters-0": 71}


def test_an_event_of_somebody_else_is_sent_as_it_was_until_a_part_of_it_is_left() -> None:
    (made,) = pack([record(0, 4), record(0, 5)])
    event = Event(FORMAT, made.batch, {}, verbatim=b'{ "as": "it was" }')

    whole, part = made.batch, made.batch.with_records({0: made.batch.records[0][1:]})

    assert event.payload(whole) == b'{ "as": "it was" }'
    assert event.payload(part) == FORMAT.event(part.records)
