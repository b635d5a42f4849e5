"""Every record of a batch has one fate, whatever the others are."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders import ingestion, validation
from orders.errors import InvalidRequestError, StoreUnavailableError
from orders.ingestion import Result
from orders.record import Record
from tests.unit.orders.made import InMemoryOrderStore, record, records, sample


def ingest(
    batch: list[Record],
    store: InMemoryOrderStore,
    seconds_left: Callable[[], float] = lambda: 60.0,
) -> Result:
    return ingestion.ingest(batch, store, seconds_left=seconds_left)


def test_good_and_bad_records_get_their_fates_side_by_side() -> None:
    store = InMemoryOrderStore()

    result = ingest(
        records(sample(), b"{", sample(), sample(entry="other"), None, sample(order_uid="b")), store
    )

    assert result == Result(2, 1, Counter(not_json=1, conflict=1, tombstone=1))
    assert set(store.orders) == {"b", sample()["order_uid"]}
    assert store.orders[sample()["order_uid"]].record.offset == 0
    assert store.duplicates == {("orders", 0, 2)}
    assert store.quarantined[("orders", 0, 3)].rejection.order_uid == sample()["order_uid"]
    assert store.offsets == {("orders", 0, offset) for offset in range(6)}


def test_a_redelivery_changes_nothing() -> None:
    store = InMemoryOrderStore()
    batch = records(sample(), sample(), sample(entry="other"), b"")
    ingest(batch, store)
    before = (dict(store.orders), dict(store.quarantined), set(store.duplicates))

    result = ingest(batch, store)

    assert (store.orders, store.quarantined, store.duplicates) == before
    assert result.stored == 0


def test_a_topic_made_anew_loses_no_order() -> None:
    store = InMemoryOrderStore()
    ingest(records(sample()), store)

    result = ingest(records(sample(order_uid="new")), store)

    assert result.stored == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.booleans())))
def test_the_fates_add_up_and_the_first_of_an_id_stays(
    drawn: list[tuple[str, str, bool]],
) -> None:
    store = InMemoryOrderStore(refuses=["b"])
    batch = records(*(sample(order_uid=u, entry=e) if ok else b"!" for u, e, ok in drawn))

    result = ingest(batch, store)

    assert result.stored + result.duplicates + result.quarantined.total() == len(batch)
    assert len(store.orders) == result.stored
    assert len(store.duplicates) == result.duplicates
    assert len(store.quarantined) == result.quarantined.total()
    assert len(store.offsets) == len(batch)
    for uid, kept in store.orders.items():
        assert kept.record.offset == min(
            offset for offset, (u, _, ok) in enumerate(drawn) if u == uid and ok
        )


def test_what_the_store_refuses_is_found_by_halving_and_quarantined_alone() -> None:
    store = InMemoryOrderStore(refuses=["order-5"])
    batch = records(*(sample(order_uid=f"order-{number}") for number in range(9)))

    result = ingest(batch, store)

    assert result == Result(8, 0, Counter(refused_by_database=1))
    (refused,) = store.quarantined.values()
    assert refused.record.offset == 5
    assert "23514" in refused.rejection.faults[0].sentence


def test_a_record_that_even_quarantine_refuses_is_raised() -> None:
    class Broken(InMemoryOrderStore):
        def quarantine(self, refused: object) -> None:
            message = f"defect: {refused}"
            raise InvalidRequestError(message)

    with pytest.raises(InvalidRequestError, match="defect"):
        ingest(records(b"!"), Broken())


def test_a_store_that_fails_raises_so_that_lambda_delivers_again() -> None:
    with pytest.raises(StoreUnavailableError):
        ingest(records(sample()), InMemoryOrderStore(fails=True))


def test_near_the_deadline_the_rest_is_named_and_what_is_done_stays() -> None:
    store = InMemoryOrderStore()
    seconds = (left for left in count(3.0, -1.0))
    batch = [record(b"!", offset) for offset in range(2500)]

    result = ingest(batch, store, lambda: next(seconds))

    assert store.transactions == [1000]
    assert result.undone == tuple(batch[1000:])


def test_the_first_slice_is_tried_even_when_no_time_is_left() -> None:
    result = ingest(records(sample()), InMemoryOrderStore(), lambda: -5.0)

    assert result.stored == 1


def test_an_empty_batch_is_done() -> None:
    assert ingest([], InMemoryOrderStore(fails=True)) == Result()


def test_a_refused_record_that_looser_rules_accept_leaves_the_quarantine() -> None:
    store = InMemoryOrderStore()
    batch = records(sample(payment__amount=1), b"!")
    ingestion.ingest(
        batch,
        store,
        seconds_left=lambda: 60.0,
        judge=partial(validation.judge, strict_totals=True),
    )

    result = ingest(batch, store)

    assert result == Result(1, 0, Counter(not_json=1))
    assert store.released == [("orders", 0, 0)]
    assert set(store.quarantined) == {("orders", 0, 1)}


def test_records_that_are_new_are_not_looked_for_in_the_quarantine() -> None:
    class Watching(InMemoryOrderStore):
        def release(self, accepted: object) -> None:
            message = f"needless: {accepted}"
            raise AssertionError(message)

    assert ingest(records(sample(), b"!"), Watching()).stored == 1
