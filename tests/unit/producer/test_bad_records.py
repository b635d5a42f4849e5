import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.producer.bad_records import KINDS
from devstack.producer.mix import Record, bad_record, valid_record
from orders.model import Order
from orders.record import Record as Delivered
from orders.record import Rejection
from orders.validation import read_order


def _read(record: Record) -> Order | Rejection:
    key = record.order_uid.encode()
    return read_order(
        Delivered("orders", 0, 0, 0, "CREATE_TIME", key, record.value), strict_totals=True
    )


@given(seed=st.integers(), number=st.integers(min_value=0, max_value=10**9))
def test_every_generated_order_is_accepted_even_with_strict_totals(seed: int, number: int) -> None:
    assert isinstance(_read(valid_record(seed, number)), Order)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_bad_record_is_refused_with_its_one_code(kind: str) -> None:
    for number in range(20):
        verdict = _read(bad_record(kind, 1, number))

        assert isinstance(verdict, Rejection)
        assert [fault.code for fault in verdict.faults] == [KINDS[kind].code]


def test_the_faults_that_ingestion_tells_apart_are_all_there() -> None:
    assert {kind.code for kind in KINDS.values()} == {
        *("tombstone", "empty_value", "not_json", "not_utf8", "too_deep"),
        *("duplicate_key", "unknown_field", "missing_field", "wrong_type"),
        *("nul_character", "lone_surrogate", "out_of_range", "bad_format"),
        *("too_long", "too_short"),
    }
