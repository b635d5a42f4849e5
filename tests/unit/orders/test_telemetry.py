"""The fates of a batch are told to a caller who asks for them, and to nobody else."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from orders import telemetry
from orders.ingestion import Result
from tests.unit.orders.made import Context

RESULT = Result(stored=3, duplicates=2, quarantined=Counter(conflict=1, not_json=4))


def fates(client_context: object) -> Any:  # noqa: ANN401 - as the function returns them
    context: Any = Context(client_context=client_context)
    return telemetry.fates(RESULT, context)


def test_who_asks_is_told_every_fate() -> None:
    asks = SimpleNamespace(custom={"report": "fates"})

    assert fates(asks) == {
        "stored": 3,
        "duplicates": 2,
        "quarantined": {"conflict": 1, "not_json": 4},
    }


@pytest.mark.parametrize("custom", [None, {}, {"report": "other"}, ["report"], "report"])
def test_a_client_context_about_something_else_gets_the_documented_response(
    custom: object,
) -> None:
    assert fates(SimpleNamespace(custom=custom)) is None


def test_an_event_source_mapping_has_no_client_context_and_gets_the_documented_response() -> None:
    assert fates(None) is None
