"""What becomes of an order that is posted."""

import json

import pytest

from orders.differences import Difference
from orders.errors import StoreUnavailableError
from orders.record import Rejection
from orders.submission import Conflict, Submitted, submit
from tests.unit.orders.made import ORDER_UID, SAMPLE_VALUE, InMemoryOrderStore, sample


def test_a_new_order_is_stored_and_the_identical_one_is_known() -> None:
    store = InMemoryOrderStore()
    spaced = json.dumps(sample(), indent=2).encode()

    first, second = submit(SAMPLE_VALUE, store), submit(spaced, store)

    assert first == Submitted(ORDER_UID, new=True)
    assert second == Submitted(ORDER_UID, new=False)
    assert store.offsets == set()


def test_its_provenance_is_http_and_no_place_in_a_topic() -> None:
    store = InMemoryOrderStore()

    submit(SAMPLE_VALUE, store, clock=lambda: 1_700_000_000.5)

    record = store.orders[ORDER_UID].record
    assert (record.source, record.topic, record.partition) == ("http", "", -1)
    assert record.produced_at_ms == 1_700_000_000_500


def test_another_order_of_the_same_id_is_a_conflict_that_shows_the_difference() -> None:
    store = InMemoryOrderStore()
    submit(SAMPLE_VALUE, store)

    answer = submit(json.dumps(sample(entry="other")).encode(), store)

    assert isinstance(answer, Conflict)
    assert answer.rejection.code == "conflict"
    assert answer.differences == (Difference("/entry", "WBIL", "other"),)
    assert store.orders[ORDER_UID].order.entry == "WBIL"
    assert store.quarantined == {}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_value"),
        (b"{", "not_json"),
        (b"\xff", "not_utf8"),
        (json.dumps(sample(entry=1)).encode(), "wrong_type"),
        (b" " * 1_048_577, "too_large"),
    ],
)
def test_what_is_no_order_is_refused_with_its_reasons(body: bytes, code: str) -> None:
    answer = submit(body, InMemoryOrderStore(fails=True))

    assert isinstance(answer, Rejection)
    assert answer.code == code


def test_what_the_database_refuses_is_refused() -> None:
    answer = submit(SAMPLE_VALUE, InMemoryOrderStore(refuses=[ORDER_UID]))

    assert isinstance(answer, Rejection)
    assert answer.code == "refused_by_database"


def test_a_store_that_fails_raises() -> None:
    with pytest.raises(StoreUnavailableError):
        submit(SAMPLE_VALUE, InMemoryOrderStore(fails=True))
