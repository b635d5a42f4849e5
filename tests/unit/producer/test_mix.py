import pytest

from devstack.producer.bad_records import KINDS, KINDS_WITH_VALUES
from devstack.producer.mix import records
from devstack.producer.orders import order


def test_the_same_arguments_give_the_same_records_byte_for_byte() -> None:
    first, again = ([*records(500, seed=3, bad_rate=0.2)] for _ in range(2))

    assert first == again


def test_another_seed_gives_other_records() -> None:
    ours, others = ({record.order_uid for record in records(50, seed=seed)} for seed in (3, 4))

    assert not ours & others


@pytest.mark.parametrize(
    ("count", "bad_rate", "bad"), [(1000, 0.05, 50), (3, 1, 3), (10, 0, 0), (0, 0.5, 0)]
)
def test_exactly_the_asked_share_is_bad(count: int, bad_rate: float, bad: int) -> None:
    mixed = [*records(count, seed=1, bad_rate=bad_rate)]

    assert len(mixed) == count
    assert sum(record.bad is not None for record in mixed) == bad


def test_every_kind_of_bad_record_gets_its_turn() -> None:
    mixed = records(2 * len(KINDS), seed=1, bad_rate=0.5)

    assert {record.bad for record in mixed} == {None, *KINDS}


def test_only_the_kinds_that_are_asked_for_are_sent() -> None:
    mixed = [*records(200, seed=1, bad_rate=0.5, kinds=KINDS_WITH_VALUES)]

    assert {record.bad for record in mixed} == {None, *KINDS} - {"tombstone"}
    assert all(record.value is not None for record in mixed)


def test_a_bad_record_keeps_its_orders_id() -> None:
    mixed = [*records(100, seed=1, bad_rate=1)]

    assert [record.order_uid for record in mixed] == [order(1, n)["order_uid"] for n in range(100)]
