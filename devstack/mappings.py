"""The mappings that run: what their processes last told in, tables for a person out."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

_LAG_COLUMNS = ("endOffset", "consumedOffset", "processedOffset", "committedOffset", "lag")

STALE_AFTER_SECONDS = 5


def file_of(home: Path) -> Path:
    """Return where the mapping process tells of itself."""
    return home / "run" / "mappings.json"


def read(home: Path) -> Mapping[str, Any]:
    """Return what is known of every mapping of the stack, by its name; nothing while it is away."""
    try:
        mappings: dict[str, Any] = json.loads(file_of(home).read_text())["mappings"]
    except FileNotFoundError:
        return {}
    return mappings


def read_others(home: Path) -> Mapping[str, Any]:
    """Return the mappings that `python -m devstack esm` runs, by project and name."""
    return {
        f"{folder.name}/{name}": mapping
        for folder in sorted(home.glob("esm/*"))
        if _is_fresh(file_of(folder))
        for name, mapping in read(folder).items()
    }


def _is_fresh(file: Path) -> bool:
    # It is written every second; a process that was killed leaves it behind.
    try:
        return time.time() - file.stat().st_mtime < STALE_AFTER_SECONDS
    except FileNotFoundError:
        return False


def tables(mappings: Mapping[str, Any]) -> RenderableType:
    """Return a line on each mapping, what it has counted, and where its partitions are."""
    return Group(
        *(
            part
            for name, mapping in mappings.items()
            for part in ("", _headline(name, mapping), _counts(mapping), _offsets(mapping))
        )
    )


def _headline(name: str, mapping: Mapping[str, Any]) -> str:
    state = mapping["state"] + ("" if mapping["state"] == "Enabled" else f" ({mapping['reason']})")
    pollers = f"{mapping['pollers']} poller" + ("" if mapping["pollers"] == 1 else "s")
    route = f"{mapping['topic']} → {mapping['function']}"
    return f"{name}: {state}, {pollers}, {route}, last: {mapping['lastProcessingResult']}"


def _counts(mapping: Mapping[str, Any]) -> RenderableType:
    lags = {name: lag for name, lag in mapping["lag"].items() if name != "partitions"}
    # What is always shown, and what went wrong; the rest of the zeros say nothing.
    shown = {
        name: number
        for name, number in {**mapping["metrics"], **lags}.items()
        if number or name in {"PolledEventCount", "InvokedEventCount", "CommittedEventCount", *lags}
    }
    table = Table("metric", "total", box=None, pad_edge=False)
    for name, number in shown.items():
        table.add_row(name, str(number))
    return table


def _offsets(mapping: Mapping[str, Any]) -> RenderableType:
    table = Table("partition", *_LAG_COLUMNS, box=None, pad_edge=False)
    for name, places in mapping["lag"]["partitions"].items():
        cells = (places[column] for column in _LAG_COLUMNS)
        table.add_row(name, *("-" if cell is None else str(cell) for cell in cells))
    return table
