"""The report: outcomes of the parity tests in, a line for each event in each place out."""

from textwrap import indent
from typing import TextIO

import pytest

from tests.targets.differences import REFERENCE, listed
from tests.targets.events import Event


class Report:
    """A pytest plugin that prints every event as soon as a place has answered it."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._items: dict[str, tuple[str, Event]] = {}
        self._place = ""
        self._reasons: set[str] = set()
        self.failed = self.skipped = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            assert isinstance(item, pytest.Function)
            chosen = item.callspec.params
            place, event = chosen.get("place", REFERENCE), chosen["event"]
            assert isinstance(place, str)
            assert isinstance(event, Event)
            self._items[item.nodeid] = (place, event)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        place, event = self._items[report.nodeid]
        self.failed += report.failed
        self.skipped += report.skipped
        if place != self._place:
            self._out.write(f"\n{place}\n")
            self._place = place
        self._out.write(f"  {_told(report, place, event)}\n")
        if report.failed:
            self._explain(_reason(report))
        self._out.flush()

    def _explain(self, reason: str) -> None:
        """Say once why; what does not start fails every event."""
        if reason not in self._reasons:
            self._out.write(indent(reason, " " * 6) + "\n")
        self._reasons.add(reason)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str]:
        """Have pytest print no letters."""
        broken = report.outcome == "failed" and report.when != "call"
        return ("error" if broken else report.outcome, "", "")


def _reason(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longrepr)


def _told(report: pytest.TestReport, place: str, event: Event) -> str:
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        return f"not run        {event.name}  {reason}"
    if report.failed:
        return f"FAILED         {event.name}"
    if place == REFERENCE:
        return f"as it should   {event.name}"
    known = ", ".join(listed(place, event.name))
    return f"differs        {event.name}  {known}" if known else f"same           {event.name}"
