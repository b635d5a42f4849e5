"""Every rule that the schema names is broken once for every field, and found out."""

from itertools import pairwise

import pytest

from devstack.producer.bad_records import KINDS
from devstack.producer.orders import encode, order
from devstack.producer.violations import Violation, violations
from orders.record import Record, Rejection
from orders.validation import read_order

VIOLATIONS = list(violations(order(1, 0)))


def faults(violation: Violation) -> list[tuple[str, str]]:
    verdict = read_order(Record("orders", 0, 0, 0, "", None, encode(violation.document)))
    assert isinstance(verdict, Rejection), violation.name
    return [(fault.path, fault.code) for fault in verdict.faults]


def test_each_violation_is_refused_with_its_one_fault_at_its_place() -> None:
    for violation in VIOLATIONS:
        assert faults(violation) == [(violation.pointer, violation.code)], violation.name


def test_every_violation_has_a_name_of_its_own() -> None:
    names = sorted(violation.name for violation in VIOLATIONS)

    assert all(one != other for one, other in pairwise(names))


@pytest.mark.parametrize(
    "name",
    [
        "missing_field /payment/amount",
        "unknown_field /items/0/coupon",
        "wrong_type /delivery array",
        "wrong_type /items/0/sale number",
        "out_of_range /items/0/sale high",
        "out_of_range /payment/amount low",
        "too_long /items",
        "too_short /items",
        "too_long /locale",
        "bad_format /payment/currency 'usd'",
        "bad_format /date_created '2021-02-29T00:00:00Z'",
        r"nul_character /delivery/name '\x00'",
    ],
)
def test_among_them_is(name: str) -> None:
    assert name in {violation.name for violation in VIOLATIONS}


def test_every_field_is_missing_once_and_of_each_wrong_type_once() -> None:
    missing = [one.pointer for one in VIOLATIONS if one.code == "missing_field"]
    of_wrong_type = [one.pointer for one in VIOLATIONS if one.code == "wrong_type"]

    assert len(missing) == len(set(missing)) == 14 + 7 + 10 + 11
    # A whole number is a number as well; the order and an item are no fields, but have a type.
    assert {of_wrong_type.count(pointer) for pointer in {*missing, "", "/items/0"}} == {6}


def test_what_a_schema_can_say_is_what_violations_break() -> None:
    codes = {violation.code for violation in VIOLATIONS}

    assert codes < {kind.code for kind in KINDS.values()}
    assert codes == {
        *("missing_field", "unknown_field", "wrong_type", "out_of_range"),
        *("too_long", "too_short", "bad_format", "nul_character"),
    }
