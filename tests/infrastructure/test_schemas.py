"""The documents in docs/ say what the code says, and a validator of any language can use them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from devstack.producer.orders import order
from devstack.producer.violations import violations
from devstack.schemas.__main__ import main
from devstack.schemas.committed import Document, documents, drifted
from tests.servers import ROOT
from tests.unit.orders.made import orders, sample

ORDER_SCHEMA = json.loads((ROOT / "docs" / "order.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(ORDER_SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("document", documents(), ids=lambda document: document[0].name)
def test_a_committed_document_says_what_the_code_says(document: Document) -> None:
    assert drifted([document]) == [], "`python -m devstack.schemas` writes it anew"


def test_a_document_that_drifted_is_named_and_written_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check"], tmp_path) == 1
    assert "docs/order.schema.json drifted" in capsys.readouterr().err
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0


def test_the_schema_of_an_order_is_one() -> None:
    Draft202012Validator.check_schema(ORDER_SCHEMA)


@given(orders())
@settings(max_examples=40)
def test_every_order_meets_the_schema(document: dict[str, Any]) -> None:
    VALIDATOR.validate(document)


def test_no_violation_meets_the_schema() -> None:
    # Arrays of thousands, of which the count alone is wrong, take a validator long.
    tried = [one for one in violations(order(1, 0)) if one.name != "too_long /items"]

    assert [one.name for one in tried if VALIDATOR.is_valid(one.document)] == []


def test_the_schema_forbids_what_only_the_notation_would_show() -> None:
    assert not VALIDATOR.is_valid(sample(locale="a\0b"))
