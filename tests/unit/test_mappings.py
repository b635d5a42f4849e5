"""What a person is shown of the mappings of a running stack."""

import json
import os
from pathlib import Path
from typing import Any

from rich.console import Console

from devstack import mappings

MAPPING: dict[str, Any] = {
    "uuid": "12345678-1234-1234-1234-123456789012",
    "state": "Enabled",
    "reason": "USER_INITIATED",
    "lastProcessingResult": "OK",
    "function": "IngestOrdersFunction",
    "topic": "orders",
    "group": "orders-ingest",
    "pollers": 2,
    "metrics": {"PolledEventCount": 12, "InvokedEventCount": 0, "DroppedEventCount": 0},
    "lag": {
        "MaxOffsetLag": 3,
        "SumOffsetLag": 4,
        "OffsetLag": 4,
        "partitions": {
            "orders-0": {
                "endOffset": 15,
                "consumedOffset": 14,
                "processedOffset": 11,
                "committedOffset": None,
                "lag": 3,
            }
        },
    },
    "heldBytes": 100,
}


def shown(**changes: object) -> str:
    console = Console(width=120, markup=False)
    with console.capture() as capture:
        console.print(mappings.tables({"OrdersTopicMapping": {**MAPPING, **changes}}))
    return capture.get()


def words(text: str, first: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(first)).split()


def test_a_mapping_is_shown_with_its_counts_and_its_partitions() -> None:
    text = shown()

    assert "OrdersTopicMapping: Enabled, 2 pollers, orders → IngestOrdersFunction" in text
    assert words(text, "PolledEventCount")[1] == "12"
    assert words(text, "MaxOffsetLag")[1] == "3"
    assert words(text, "orders-0") == ["orders-0", "15", "14", "11", "-", "3"]


def test_zeros_that_say_nothing_are_left_out() -> None:
    text = shown()

    assert "InvokedEventCount" in text
    assert "DroppedEventCount" not in text


def test_whatever_went_wrong_is_shown() -> None:
    text = shown(metrics={"DroppedEventCount": 2})

    assert words(text, "DroppedEventCount")[1] == "2"


def test_a_disabled_mapping_is_shown_with_its_reason_and_the_problem_as_it_reads() -> None:
    text = shown(
        state="Disabled",
        reason="EVENT_SOURCE_AUTHN_ERROR",
        lastProcessingResult="PROBLEM: [red] is no colour here",
        pollers=1,
    )

    assert "Disabled (EVENT_SOURCE_AUTHN_ERROR), 1 poller, " in text
    assert "[red]" in text


def test_mappings_are_read_from_what_their_process_told(tmp_path: Path) -> None:
    assert mappings.read(tmp_path) == {}
    file = mappings.file_of(tmp_path)
    file.parent.mkdir()

    file.write_text(json.dumps({"mappings": {"OrdersTopicMapping": MAPPING}}))

    assert mappings.read(tmp_path) == {"OrdersTopicMapping": MAPPING}


def test_mappings_of_other_projects_are_read_while_they_run(tmp_path: Path) -> None:
    running, killed = (mappings.file_of(tmp_path / "esm" / name) for name in ("meters", "old"))
    for file in (running, killed):
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"mappings": {"Readings": MAPPING}}))
    os.utime(killed, (0, 0))

    assert mappings.read_others(tmp_path) == {"meters/Readings": MAPPING}
