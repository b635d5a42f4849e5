"""The table of conformance: the rules and their tests in, docs/conformance.md out.

`python -m tests.conformance.table > docs/conformance.md`
"""

import sys
from collections.abc import Iterator
from itertools import groupby

from tests.conformance.rules import Rule, rules

HEAD = """\
# Conformance of the event source mapping

What AWS documents of Kafka event source mappings, one statement a line, with the page it comes from
and the test that shows it; what AWS leaves open is in [another table](event_source_mapping.md).
`make conformance` runs them all, against a real broker and a real Lambda endpoint wherever a rule
can be seen from outside, and says which of them hold; `make conformance-mutants` breaks each once.

<!-- written by python -m tests.conformance.table -->
"""


def lines() -> Iterator[str]:
    """Yield the lines of the document."""
    yield HEAD
    for topic, some in groupby(rules(), lambda rule: rule.topic):
        yield f"## {topic.capitalize()}\n"
        yield "| rule | page | test | seen through |"
        yield "|---|---|---|---|"
        yield from map(_row, some)
        yield ""


def document() -> str:
    """Return the whole document."""
    return "\n".join(lines()).rstrip() + "\n"


def _row(rule: Rule) -> str:
    page = rule.address.rpartition("/")[2].removesuffix(".html")
    test = f"[`{rule.test}`](../{rule.path})"
    return f"| {rule.statement} | [{page}]({rule.address}) | {test} | {rule.seen_through} |"


if __name__ == "__main__":
    sys.stdout.write(document())
