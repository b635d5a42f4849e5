from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.producer.bad_records import KINDS, UNSENT_KINDS, examples
from devstack.producer.mix import Record, bad_record, valid_record
from devstack.producer.orders import Order as Document
from devstack.producer.orders import encode, order
from orders.faults import CODES
from orders.ingestion import ingest
from orders.kafka import records
from orders.model import Order
from orders.record import Record as Delivered
from orders.record import Rejection
from orders.validation import read_order
from tests.unit.orders.made import InMemoryOrderStore


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


# Each code has an example: most are a value by themselves, a few need what is around it.


def _codes(rejection: Rejection) -> list[str]:
    return [fault.code for fault in rejection.faults]


@pytest.mark.parametrize("code", sorted(examples().keys() - {"too_many_faults"}))
def test_the_example_of_a_code_is_refused_with_that_code_alone(code: str) -> None:
    verdict = _read(Record("uid", examples()[code].spoil(order(1, 0))))

    assert isinstance(verdict, Rejection)
    assert _codes(verdict) == [code]


def _of_too_many_faults() -> list[str]:
    verdict = _read(Record("uid", examples()["too_many_faults"].spoil(order(1, 0))))
    assert isinstance(verdict, Rejection)
    return _codes(verdict)[-1:]


def _of_events(**damage: object) -> list[str]:
    delivered = {"topic": "orders", "partition": 0, "offset": 0, "value": "e30=", **damage}
    (record,) = records({"records": {"orders-0": [delivered]}})
    verdict = read_order(record)
    assert isinstance(verdict, Rejection)
    return _codes(verdict)


def _of_stores(store: InMemoryOrderStore, *orders: Document) -> list[str]:
    values = [
        Delivered("orders", 0, offset, 0, "", None, encode(one))
        for offset, one in enumerate(orders)
    ]
    ingest(values, store, seconds_left=lambda: 60)
    (refused,) = store.quarantined.values()
    return _codes(refused.rejection)


def _of_conflict() -> list[str]:
    return _of_stores(InMemoryOrderStore(), order(1, 0), {**order(1, 0), "locale": "xx"})


def _of_refusal() -> list[str]:
    return _of_stores(InMemoryOrderStore(refuses={order(1, 0)["order_uid"]}), order(1, 0))


AROUND_A_VALUE: dict[str, Callable[[], list[str]]] = {
    "too_many_faults": _of_too_many_faults,
    "not_base64": lambda: _of_events(value="no base64!"),
    "bad_headers": lambda: _of_events(headers=[{"trace": "no bytes"}]),
    "conflict": _of_conflict,
    "refused_by_database": _of_refusal,
}


@pytest.mark.parametrize("code", AROUND_A_VALUE)
def test_a_code_that_needs_more_than_a_value_has_an_example_too(code: str) -> None:
    assert AROUND_A_VALUE[code]() == [code]


def test_every_code_has_an_example() -> None:
    assert examples().keys() | AROUND_A_VALUE.keys() == CODES


def test_what_ingestion_would_store_or_a_broker_refuse_is_not_produced() -> None:
    assert {kind.code for kind in UNSENT_KINDS.values()} == {
        *("too_large", "inconsistent_total", "too_many_faults")
    }
    assert not UNSENT_KINDS.keys() & KINDS.keys()
