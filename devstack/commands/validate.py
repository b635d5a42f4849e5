"""The validate command: files of orders in, every fault with its line out; 1 when there is one."""

import sys
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from devstack.settings import Settings
from devstack.validate.checking import Check
from devstack.validate.files import STANDARD_INPUT, candidates
from devstack.validate.report import LANGUAGES, as_json, as_text, summary

_LARGE_BYTES = 20_000_000
_REDRAWN_BYTES = 1_000_000


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack validate`."""
    option = parser.add_argument
    option(
        "files",
        nargs="+",
        metavar="FILE",
        help="JSON (an order, or an array of orders) or JSON Lines; - for standard input",
    )
    option(
        "--strict-totals",
        action=BooleanOptionalAction,
        help="totals that disagree are a fault (default: the setting STRICT_TOTALS)",
    )
    option("--language", choices=LANGUAGES, default="en", help="of the sentences (default: en)")
    option("--json", action="store_true", help="print each faulty order as JSON")


def run(arguments: Namespace, settings: Settings) -> int:
    """Check every file by the rules of ingestion; 1 when an order has a fault.

    Raises `UserError` for a file that cannot be read.
    """
    strict = arguments.strict_totals
    if strict is None:
        strict = settings.text("STRICT_TOTALS", "false").lower() == "true"
    tell = as_json if arguments.json else as_text
    with Check(strict_totals=strict) as check, _progress(arguments.files) as on_read:
        for name in arguments.files:
            for finding in check.findings(candidates(name, on_read)):
                sys.stdout.write(tell(finding, arguments.language))
    sys.stdout.flush()
    sys.stderr.write(summary(check.counts, arguments.language))
    return 1 if check.counts.faulty else 0


@contextmanager
def _progress(names: Sequence[str]) -> Iterator[Callable[[int], None]]:
    """Draw a bar on standard error while it is a terminal and there is much to read."""
    total = sum(map(_size, names))
    console = Console(stderr=True)
    columns = (
        *(TextColumn("{task.description}"), BarColumn()),
        *(DownloadColumn(), TimeRemainingColumn()),
    )
    with Progress(
        *columns,
        console=console,
        disable=not console.is_terminal or total < _LARGE_BYTES,
        redirect_stdout=sys.stdout.isatty(),  # what goes into a file is to stay there
    ) as bar:
        task = bar.add_task("checking", total=total)
        waiting = 0

        def on_read(count: int) -> None:
            nonlocal waiting
            waiting += count
            if waiting >= _REDRAWN_BYTES:
                bar.advance(task, waiting)
                waiting = 0

        yield on_read


def _size(name: str) -> int:
    with suppress(OSError):  # which is told when its turn comes
        return 0 if name == STANDARD_INPUT else Path(name).stat().st_size
    return 0
