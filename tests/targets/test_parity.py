"""The same ten events through every place: what is answered, and what is written."""

from typing import Final

import pytest

from tests.targets.differences import PLACES, found, listed
from tests.targets.events import EVENTS, Event
from tests.targets.seen import Seen

_SEEN: Final = {
    "devstack": "seen_on_devstack",
    "sam local": "seen_with_sam_local",
    "LocalStack": "seen_on_localstack",
}
"""Place → the fixture that sends it the events, once a session."""


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_direct_call_answers_and_writes_what_it_should(seen_directly: Seen, event: Event) -> None:
    fields = seen_directly[event.name]

    assert event.answer.items() <= fields.items()
    rows = {name: value for name, value in fields.items() if name.startswith("rows of ")}
    assert {
        name.removeprefix("rows of "): value.count("+ {") for name, value in rows.items()
    } == event.rows


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
@pytest.mark.parametrize("place", PLACES)
def test_an_event_has_the_same_answer_and_effect_but_for_what_is_listed(
    request: pytest.FixtureRequest, seen_directly: Seen, place: str, event: Event
) -> None:
    there: Seen = request.getfixturevalue(_SEEN[place])

    differences = found(seen_directly[event.name], there[event.name])

    assert differences == listed(place, event.name)
