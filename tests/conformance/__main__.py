"""The conformance of the mapping: AWS's documented rules in, a line for each and their sum out.

`python -m tests.conformance` (`make conformance`), with pytest's arguments to choose from them.
"""

import os
import sys

import pytest

from tests.conformance.report import Report
from tests.conformance.rules import rules

QUIET = (
    *("-qq", "-rN", "--tb=short", "--show-capture=no", "-o", "console_output_style=classic"),
    *("-p", "no:randomly", "-p", "no:cacheprovider"),
)


def main(arguments: list[str]) -> int:
    """Run the tests; return 0 when every rule that was run passed, and one was."""
    modules = dict.fromkeys(rule.path for rule in rules())
    # What pytest prints is captured; this is the terminal itself.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        report = Report(out)
        chosen = arguments if any("::" in some for some in arguments) else [*modules, *arguments]
        status = pytest.main([*QUIET, *chosen], plugins=[report])
        out.write(f"\n{report.passed} passed, {report.failed} failed\n")
    return int(status != pytest.ExitCode.OK or report.failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
