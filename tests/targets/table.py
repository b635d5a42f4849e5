"""The table of parity: events, places and differences in, docs/parity.md out."""

from collections.abc import Iterator
from typing import Final

from tests.servers import ROOT
from tests.targets.differences import DIFFERENCES, PLACES, REFERENCE, Difference
from tests.targets.events import EVENTS, Event
from tests.targets.seen import LEFT_OUT, REWRITTEN

DOCUMENT: Final = ROOT / "docs" / "parity.md"

HEAD: Final = f"""\
# Parity: one template, the same handlers, four places

Ten events through every place where the functions run:

- {REFERENCE}: `lambda_handler(event, context)` in a process of its own, which ends when the
  function's time is up; the others are compared with it
- devstack: the Invoke API and the edge of the running stack
- sam local: `sam local start-lambda` and `sam local start-api`
- LocalStack: its Invoke API and its API Gateway, after `sam deploy`

Compared are status, body, headers, function errors, and every row that came, changed or went in the
place's database. `make parity` sends the events, and writes this page when what differs is what is
listed here, no more and no less.

<!-- written by python -m tests.targets -->
"""


def document() -> str:
    """Return the whole document."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    yield _row("event", "what is sent", REFERENCE, "rows written", *PLACES)
    yield "|---" * (4 + len(PLACES)) + "|"
    yield from map(_of_event, EVENTS)
    yield "\n## Differences\n"
    for number, one in enumerate(DIFFERENCES, start=1):
        fields = ", ".join(f"{name} `{value}`" for name, value in one.seen.items())
        yield f"{number}. {one.place}, {fields}: {one.reason}."
    yield "\n## Not compared\n"
    yield _row("field", "what it holds")
    yield "|---|---|"
    for name, reason in LEFT_OUT.items():
        yield _row(f"header {name}", reason)
    for name, (pattern, _, reason) in REWRITTEN.items():
        yield _row(f"{name}, what matches `{pattern}`", reason)


def _of_event(event: Event) -> str:
    answered = ", ".join(f"{name} `{value}`" for name, value in event.answer.items())
    written = ", ".join(f"{count} {table}" for table, count in event.rows.items()) or "none"
    cells = (_cell(place, event) for place in PLACES)
    return _row(event.name, event.sent, answered, written, *cells)


def _cell(place: str, event: Event) -> str:
    def concerns(one: Difference) -> bool:
        return one.place == place and event.name in one.events

    numbers = [number for number, one in enumerate(DIFFERENCES, start=1) if concerns(one)]
    return f"differs <sup>{' '.join(map(str, numbers))}</sup>" if numbers else "same"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
