from collections import Counter
from random import Random

from devstack.prove.load.records import Kind, Records
from devstack.prove.reads.questions import Question, Questions, Route

RECORDS = Records(5, 2000)


def _asked(sent: int, records: Records = RECORDS) -> list[Question]:
    questions = Questions(records, records.__getitem__, Random(1))  # noqa: S311 - repeatable, guards nothing
    return [questions.next(sent) for _ in range(2000)]


def test_orders_of_every_age_are_asked_for_and_such_as_are_yet_to_come() -> None:
    numbers = Counter(question.record.number // 100 for question in _asked(1500))

    assert set(numbers) == set(range(20))
    assert numbers[0] > 300, "a few are asked for over and over"


def test_every_route_is_asked() -> None:
    assert {question.route for question in _asked(1500)} == set(Route)


def test_only_orders_and_what_is_none_are_asked_for_by_the_id_that_they_bear() -> None:
    asked = _asked(2000)

    assert {question.record.kind for question in asked} == {Kind.GOOD, Kind.BAD}
    assert all(question.record.key in question.path for question in asked)


def test_before_anything_is_sent_all_is_yet_to_come() -> None:
    assert {question.record.number < 500 for question in _asked(0)} == {True}


def test_when_all_is_sent_nothing_is_yet_to_come() -> None:
    assert len(_asked(2000)) == 2000


def test_where_nothing_is_bad_nothing_bad_is_asked_for() -> None:
    good = Records(5, 100, bad=0, repeats=0, conflicts=0)

    assert {question.record.kind for question in _asked(100, good)} == {Kind.GOOD}


def test_another_reader_asks_something_else() -> None:
    draws = (Random(1), Random(2))  # noqa: S311
    ours, others = (Questions(RECORDS, RECORDS.__getitem__, draw) for draw in draws)

    assert [ours.next(900) for _ in range(9)] != [others.next(900) for _ in range(9)]
