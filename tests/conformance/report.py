"""The report: the outcomes of tests in, one line per rule and their sum out."""

from collections import Counter
from typing import TextIO

import pytest

from tests.conformance.rules import Rule, rules


class Report:
    """A pytest plugin that prints every rule as soon as its tests are through."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._rules = {(rule.path, rule.test): rule for rule in rules()}
        self._waiting: Counter[Rule] = Counter()
        self._failed: set[Rule] = set()
        self._topic = ""
        self.passed = self.failed = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._waiting.update(rule for item in session.items if (rule := self._rule(item.nodeid)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        rule = self._rule(report.nodeid)
        if rule is not None and report.outcome != "passed":
            self._failed.add(rule)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        rule = self._rule(nodeid)
        if rule is None:
            return
        self._waiting[rule] -= 1
        if not self._waiting[rule]:
            self._print(rule)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str]:
        """Have pytest print no letters."""
        broken = report.outcome == "failed" and report.when != "call"
        return ("error" if broken else report.outcome, "", "")

    def _print(self, rule: Rule) -> None:
        failed = rule in self._failed
        self.failed += failed
        self.passed += not failed
        if rule.topic != self._topic:
            self._out.write(f"\n{rule.topic}\n")
            self._topic = rule.topic
        result = "FAILED" if failed else "passed"
        self._out.write(f"  {result}  {rule.statement}  {rule.address}\n")
        self._out.flush()

    def _rule(self, nodeid: str) -> Rule | None:
        path, _, test = nodeid.partition("::")
        return self._rules.get((path, test.partition("[")[0]))
