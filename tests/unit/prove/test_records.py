from collections import Counter
from itertools import cycle, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.producer.bad_records import KINDS, KINDS_WITH_VALUES
from devstack.prove.load.records import Kind, Record, Records
from orders.record import Record as Delivered
from orders.validation import Accepted, Refused, Verdict, judge


@pytest.fixture(scope="module")
def records() -> Records:
    return Records(7, 4000)


@pytest.fixture(scope="module")
def all_records(records: Records) -> list[Record]:
    return list(records)


def _of(kind: Kind, among: list[Record]) -> list[Record]:
    return [record for record in among if record.kind is kind]


def _judged(record: Record) -> Verdict:
    key = record.key.encode()
    return judge(Delivered("orders", 0, 0, 0, "CREATE_TIME", key, record.value), strict_totals=True)


@given(number=st.integers(0, 3999))
def test_a_record_has_the_same_bytes_whenever_it_is_asked_for(
    records: Records, all_records: list[Record], number: int
) -> None:
    assert records[number] == all_records[number] == Records(7, 4000)[number]
    assert records.kind(number) is all_records[number].kind


def test_the_share_of_every_kind_is_exact(all_records: list[Record]) -> None:
    counts = Counter(record.kind for record in all_records)

    assert counts == {Kind.GOOD: 3840, Kind.BAD: 80, Kind.REPEAT: 40, Kind.CONFLICT: 40}


def test_another_seed_gives_other_orders_in_another_mixture(all_records: list[Record]) -> None:
    others = list(Records(8, 4000))

    assert not {record.key for record in others} & {record.key for record in all_records}
    assert [record.kind for record in others] != [record.kind for record in all_records]


def test_no_two_good_records_and_no_bad_one_share_an_id(all_records: list[Record]) -> None:
    lone = [*_of(Kind.GOOD, all_records), *_of(Kind.BAD, all_records)]

    assert len({record.key for record in lone}) == len(lone)


def test_good_records_are_valid(all_records: list[Record]) -> None:
    verdicts = [_judged(record) for record in _of(Kind.GOOD, all_records[:500])]

    assert all(isinstance(verdict, Accepted) for verdict in verdicts)


def test_bad_records_are_of_every_kind_in_turn_and_earn_their_code(
    all_records: list[Record],
) -> None:
    bad = _of(Kind.BAD, all_records)

    verdicts = [_judged(record) for record in bad]

    codes = [verdict.rejection.code for verdict in verdicts if isinstance(verdict, Refused)]
    assert codes == [record.code for record in bad]
    assert codes == [kind.code for kind, _ in zip(cycle(KINDS.values()), bad, strict=False)]


def test_the_originals_of_repeats_and_conflicts_are_good_and_precede_them(
    all_records: list[Record],
) -> None:
    for record in [*_of(Kind.REPEAT, all_records), *_of(Kind.CONFLICT, all_records)]:
        assert record.original is not None
        assert record.original < record.number
        original = all_records[record.original]
        assert (original.kind, original.key) == (Kind.GOOD, record.key)


def test_originals_are_near_and_far(all_records: list[Record]) -> None:
    back = [record.number - record.original for record in all_records if record.original]

    assert sum(distance <= 10 for distance in back) > 20
    assert sum(distance > 400 for distance in back) > 10


def test_a_repeat_has_the_bytes_of_its_original(all_records: list[Record]) -> None:
    repeats = _of(Kind.REPEAT, all_records)

    assert [record.value for record in repeats] == [
        all_records[record.original or 0].value for record in repeats
    ]


def test_a_conflict_is_a_valid_order_of_other_content(all_records: list[Record]) -> None:
    for record in _of(Kind.CONFLICT, all_records):
        verdict, original = _judged(record), _judged(all_records[record.original or 0])

        assert isinstance(verdict, Accepted)
        assert isinstance(original, Accepted)
        assert verdict.order.order_uid == original.order.order_uid
        assert verdict.digest != original.digest
        assert record.code == "conflict"


def test_every_way_to_conflict_gets_its_turn(all_records: list[Record]) -> None:
    turns = {record.number % 6 for record in _of(Kind.CONFLICT, all_records)}

    assert turns == set(range(6))


def test_bad_records_are_of_no_kind_but_those_that_are_asked_for() -> None:
    records = Records(1, 400, bad=0.1, bad_kinds=KINDS_WITH_VALUES)

    codes = {record.code for record in records if record.kind is Kind.BAD}

    assert codes == {KINDS[name].code for name in KINDS_WITH_VALUES} - {"conflict"}
    assert all(record.value is not None for record in records)


def test_there_is_nothing_beyond_the_last_record_and_nothing_before_the_first() -> None:
    few = Records(1, 3)

    assert [record.number for record in few] == [0, 1, 2]
    for number in (-1, 3):
        with pytest.raises(IndexError, match=f"no record {number} among 3"):
            few[number]


@pytest.mark.parametrize("count", [0, 1, 2, 60])
def test_few_records_are_mostly_good(count: int) -> None:
    kinds = [record.kind for record in Records(3, count)]

    assert len(kinds) == count
    assert all(kind is Kind.GOOD for kind in kinds[:1])


def test_records_that_repeat_need_one_that_is_good() -> None:
    with pytest.raises(ValueError, match="of 10 records, 10 cannot"):
        Records(1, 10, bad=0, repeats=0.5, conflicts=0.5)


def test_only_good_records_where_nothing_else_is_wished_for() -> None:
    numbers = [
        record.number
        for record in Records(1, 50, bad=0, repeats=0, conflicts=0)
        if record.kind is Kind.GOOD
    ]

    assert all(second == first + 1 for first, second in pairwise(numbers))
    assert len(numbers) == 50
