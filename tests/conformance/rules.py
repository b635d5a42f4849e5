"""The rules: what an AWS page says of a mapping, in our own words, and the test that shows it."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType, ModuleType

import pytest

PAGES = "https://docs.aws.amazon.com/"

TOPICS = (
    "event",
    "batching",
    "order and concurrency",
    "pollers",
    "starting position",
    "consumer group and commit",
    "partial responses",
    "retries",
    "bisect",
    "age",
    "destinations",
    "filters",
    "metrics",
    "log events",
    "states",
    "configuration",
)
"""Every topic is a module of tests, its spaces written as underscores."""

SEEN_THROUGH = {
    "broker": "real broker",
    "guarded": "real broker",
    "simulate": "simulated clock",
    "scaling": "simulated clock",
    "log_events": "simulated clock",
    "parsed": "properties",
    "sam": "properties",
}
"""What a test runs the mapping against, by the fixture it asks for."""


def rule(statement: str, page: str) -> pytest.MarkDecorator:
    """Mark a test as showing `statement`; `page` is below `PAGES`, or a whole address."""
    return pytest.mark.rule(statement, page)


@dataclass(frozen=True)
class Rule:
    """A statement, where it stands, and the test that shows it."""

    topic: str
    statement: str
    page: str
    test: str
    seen_through: str

    @property
    def address(self) -> str:
        return self.page if "://" in self.page else PAGES + self.page

    @property
    def path(self) -> str:
        return f"tests/conformance/test_{self.topic.replace(' ', '_')}.py"


def rules() -> Iterator[Rule]:
    """Yield every rule, in the order of its topic and its place in the module."""
    for topic in TOPICS:
        module = import_module(f"tests.conformance.test_{topic.replace(' ', '_')}")
        yield from (_rule(topic, test) for test in _tests(module))


def _tests(module: ModuleType) -> Iterator[FunctionType]:
    for name, test in vars(module).items():
        if name.startswith("test_") and isinstance(test, FunctionType):
            yield test


def _rule(topic: str, test: Callable[..., object]) -> Rule:
    marks: list[pytest.Mark] = getattr(test, "pytestmark", [])
    statement, page = next(mark.args for mark in marks if mark.name == "rule")
    asked = inspect.signature(test).parameters
    seen_through = next(seen for fixture, seen in SEEN_THROUGH.items() if fixture in asked)
    return Rule(topic, statement, page, test.__name__, seen_through)
