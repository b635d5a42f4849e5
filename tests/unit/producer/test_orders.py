import json
from collections.abc import Iterator
from datetime import datetime
from statistics import mean

from hypothesis import given
from hypothesis import strategies as st

from devstack.producer.orders import encode, order
from devstack.samples import sample

SEEDS = st.integers()
NUMBERS = st.integers(min_value=0, max_value=10**9)


@given(seed=SEEDS, number=NUMBERS)
def test_the_same_seed_and_number_give_the_same_bytes(seed: int, number: int) -> None:
    assert encode(order(seed, number)) == encode(order(seed, number))


@given(seed=SEEDS, number=NUMBERS)
def test_totals_agree_in_every_order(seed: int, number: int) -> None:
    whole = order(seed, number)

    payment, items = whole["payment"], whole["items"]
    for item in items:
        assert item["total_price"] == item["price"] * (100 - item["sale"]) // 100
    assert payment["goods_total"] == sum(item["total_price"] for item in items)
    assert payment["amount"] == (
        payment["goods_total"] + payment["delivery_cost"] + payment["custom_fee"]
    )


def test_a_known_seed_gives_the_order_it_always_gave() -> None:
    first = order(1, 0)

    assert first["order_uid"] == "18d6e1cac2a8adaf255"
    assert first["delivery"]["name"] == "Юлия Цой"
    assert first["payment"]["amount"] == 2998


def test_an_order_has_the_fields_of_the_sample_and_no_others() -> None:
    known = json.loads(sample().value or b"")

    assert set(_paths(order(1, 0))) == set(_paths(known))


def test_no_id_is_given_twice() -> None:
    orders = [order(seed, number) for seed in (1, 2) for number in range(1000)]

    assert len({whole["order_uid"] for whole in orders}) == 2000


def test_an_order_has_three_items_on_average() -> None:
    counts = [len(order(7, number)["items"]) for number in range(3000)]

    assert 2.8 < mean(counts) < 3.2
    assert min(counts) == 1


def test_names_come_in_cyrillic_and_in_latin_letters() -> None:
    names = "".join(order(7, number)["delivery"]["name"] for number in range(200))

    assert any("А" <= letter <= "я" for letter in names)
    assert any("A" <= letter <= "z" for letter in names)


def test_dates_are_utc_as_rfc_3339_writes_them_and_payment_follows_at_once() -> None:
    for number in range(200):
        whole = order(7, number)

        assert whole["date_created"].endswith("Z")
        created = datetime.fromisoformat(whole["date_created"])
        assert 0 <= whole["payment"]["payment_dt"] - created.timestamp() < 600


def test_letters_are_written_as_they_are() -> None:
    value = encode(order(1, 0))

    assert "Юлия Цой".encode() in value
    assert json.loads(value) == order(1, 0)


def _paths(value: object, path: str = "") -> Iterator[str]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _paths(inner, f"{path}.{name}")
        case list():
            yield from _paths(value[0], f"{path}[]")
        case _:
            yield f"{path}: {type(value).__name__}"
