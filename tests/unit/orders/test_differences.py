"""Where two orders of one id disagree."""

from orders.differences import MISSING, Difference, between
from tests.unit.orders.made import sample


def test_equal_documents_differ_nowhere() -> None:
    assert between(sample(), sample()) == ()


def test_every_field_that_differs_is_named_by_its_pointer() -> None:
    received = sample(entry="other", payment__amount=1)
    received["items"][0]["price"] = 9

    assert between(sample(), received) == (
        Difference("/entry", "WBIL", "other"),
        Difference("/payment/amount", 1817, 1),
        Difference("/items/0/price", 453, 9),
    )


def test_what_only_one_document_has_is_missing_in_the_other() -> None:
    longer = sample()
    longer["items"].append({"rid": "second"})

    assert between({"a": 1}, {"b": [2]}) == (
        Difference("/a", 1, MISSING),
        Difference("/b", MISSING, [2]),
    )
    assert between(sample(), longer) == (Difference("/items/1", MISSING, {"rid": "second"}),)
    assert between(longer, sample()) == (Difference("/items/1", {"rid": "second"}, MISSING),)


def test_a_number_is_no_truth_and_no_fraction() -> None:
    assert between({"a": 1}, {"a": True}) == (Difference("/a", 1, True),)  # noqa: FBT003 - JSON
    assert between({"a": 1}, {"a": 1.0}) == (Difference("/a", 1, 1.0),)


def test_a_name_is_escaped_in_the_pointer() -> None:
    assert between({"a/b~": 1}, {}) == (Difference("/a~1b~0", 1, MISSING),)
