"""The table of parity, and the differences it lists."""

from collections import Counter

from tests.targets.differences import DIFFERENCES, PLACES
from tests.targets.events import EVENTS
from tests.targets.table import DOCUMENT, document


def test_the_table_of_parity_is_what_its_code_says() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "make parity"


def test_ten_events_go_through_every_place() -> None:
    assert len({event.name for event in EVENTS}) == len(EVENTS) == 10


def test_every_difference_is_one_of_a_place_and_of_events_and_is_listed_once() -> None:
    fields = Counter(
        (one.place, event, field)
        for one in DIFFERENCES
        for event in one.events
        for field in one.seen
    )

    assert {place for place, _, _ in fields} <= set(PLACES)
    assert {event for _, event, _ in fields} <= {event.name for event in EVENTS}
    assert set(fields.values()) == {1}
    assert all(one.reason for one in DIFFERENCES)
