"""How a batch is reported; its fates are told to a caller who asks for them, and to nobody else."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from orders import telemetry
from orders.ingestion import Result
from orders.record import Record
from tests.unit.orders.made import Context, record

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


@pytest.fixture
def measured(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 - what CloudWatch reads
    """Give what reports a batch and returns the metrics that CloudWatch finds in the log."""

    def measured(records: Sequence[Record]) -> Any:  # noqa: ANN401
        telemetry.batch_ingested(records, RESULT)
        capsys.readouterr()
        telemetry.metrics.flush_metrics()
        return json.loads(capsys.readouterr().out)

    return measured


def test_a_batch_is_measured_by_what_became_of_it_and_by_its_oldest_record(
    measured: Any,  # noqa: ANN401
) -> None:
    now_ms = int(time.time() * 1000)
    ages = [replace(record(), produced_at_ms=now_ms - age_ms) for age_ms in (5_000, 90_000)]

    metrics = measured([*ages, replace(record(), produced_at_ms=None)])

    assert (metrics["OrdersStored"], metrics["QuarantinedRecords"]) == ([3.0], [5.0])
    (age,) = metrics["OldestRecordAge"]
    assert 90 <= age < 120


def test_a_producer_s_clock_may_be_ahead_or_silent(measured: Any) -> None:  # noqa: ANN401
    ahead = replace(record(), produced_at_ms=int(time.time() * 1000) + 60_000)

    assert measured([ahead])["OldestRecordAge"] == [0.0]
    assert "OldestRecordAge" not in measured([replace(record(), produced_at_ms=None)])
