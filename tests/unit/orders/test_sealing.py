"""What a shared cache holds is believed only if it is what was put there, under that key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.model import EncodedOrder
from orders.second_level.sealing import seal_ids, seal_order, unseal_ids, unseal_order

ORDER = EncodedOrder("a", '{"name":"Ёж\n"}', "d1935c")
KEY = b"orders:a"


def test_an_order_comes_out_as_it_went_in() -> None:
    assert unseal_order(KEY, "a", seal_order(KEY, ORDER)) == ORDER


def test_ids_come_out_as_they_went_in() -> None:
    assert unseal_ids(KEY, seal_ids(KEY, ["b", "a"])) == ["b", "a"]


@given(st.data())
def test_a_value_that_differs_in_one_byte_is_none(data: st.DataObject) -> None:
    value = bytearray(seal_order(KEY, ORDER))
    place = data.draw(st.integers(0, len(value) - 1))

    value[place] ^= data.draw(st.integers(1, 255))

    assert unseal_order(KEY, "a", bytes(value)) is None


@given(st.integers(0, len(seal_order(KEY, ORDER)) - 1))
def test_a_value_that_is_cut_is_none(length: int) -> None:
    assert unseal_order(KEY, "a", seal_order(KEY, ORDER)[:length]) is None


@given(st.binary())
def test_rubbish_is_none(value: bytes) -> None:
    assert unseal_order(KEY, "a", value) is None
    assert unseal_order(KEY, "a", seal_order(KEY, ORDER) + value + b"\n") is None
    assert unseal_ids(KEY, value) is None


@pytest.mark.parametrize("key", [b"orders:b", b"orders:", b"other:a"])
def test_what_was_kept_under_another_key_is_none(key: bytes) -> None:
    assert unseal_order(KEY, "a", seal_order(key, ORDER)) is None
    assert unseal_ids(KEY, seal_ids(key, ["a"])) is None
