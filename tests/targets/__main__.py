"""The table of parity: ten events through every place in, a line for each and docs/parity.md out.

`python -m tests.targets` (`make parity`).
"""

import os
import sys

import pytest

from tests.conformance.__main__ import QUIET
from tests.servers import ROOT
from tests.targets.report import Report
from tests.targets.table import DOCUMENT, document

_TESTS = "tests/targets/test_parity.py"
_QUIET = (*QUIET, "--tb=no", "-o", "verbosity_assertions=2")


def main() -> int:
    """Run the tests; write the document and return 0 when every place was run and none failed."""
    # What pytest prints is captured; this is the terminal itself.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        report = Report(out)
        status = pytest.main([*_QUIET, _TESTS], plugins=[report])
        name = DOCUMENT.relative_to(ROOT)
        if status != pytest.ExitCode.OK or report.skipped:
            out.write(
                f"\n{name} stays as it is: {report.failed} failed, {report.skipped} not run\n"
            )
            return 1
        DOCUMENT.write_text(document(), encoding="utf-8")
        out.write(f"\n{name} is written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
