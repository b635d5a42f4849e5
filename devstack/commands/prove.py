"""The prove command: a seed and a number of orders in, the fate of each under faults out."""

import secrets
import signal
import sys
from argparse import (
    ArgumentParser,
    ArgumentTypeError,
    Namespace,
    RawDescriptionHelpFormatter,
)
from collections.abc import Sequence
from pathlib import Path

from devstack.alone import alone
from devstack.commands.numbers import positive, positive_whole, whole
from devstack.console import say
from devstack.errors import UserError
from devstack.prove import plan
from devstack.prove.faults import FAULTS, Fault
from devstack.prove.proof import Proving, Wishes
from devstack.prove.report import plot, summary
from devstack.prove.result import Proof
from devstack.settings import Settings, Source

ORDERS, ROUNDS = 20_000, 3
QUICK_ORDERS, QUICK_ROUNDS = 3_000, 1
RECOVERY_LIMIT_SECONDS = 10.0
_SEEDS = 2**31


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack prove`."""
    parser.description = (
        "Start a stack of its own beside a running one, produce orders, injure every part of it\n"
        "meanwhile, and account for every record afterwards. Exit status 0: nothing was lost,\n"
        "nothing came twice, no answer was wrong, and work went on soon after each fault."
    )
    parser.formatter_class = RawDescriptionHelpFormatter
    width = max(map(len, FAULTS))
    lines = (f"  {name:<{width}}  {_described(fault)}" for name, fault in FAULTS.items())
    parser.epilog = "\n".join(("faults:", *lines))
    parser.add_argument(
        "--source",
        type=Source,
        choices=tuple(Source),
        help="what orders come from (default: the setting SOURCE, else kafka)",
    )
    counts = parser.add_argument_group("how much")
    counts.add_argument(
        "--orders",
        type=positive_whole,
        metavar="N",
        help=f"records to produce (default: {ORDERS}; --quick: {QUICK_ORDERS})",
    )
    counts.add_argument(
        "--rounds",
        type=whole,
        metavar="N",
        help=f"how often each fault comes (default: {ROUNDS}; --quick: {QUICK_ROUNDS})",
    )
    counts.add_argument(
        "--rate",
        type=positive,
        metavar="N",
        help="records a second (default: so that they last as long as the faults)",
    )
    counts.add_argument(
        "--quick", action="store_true", help="each fault as short as it can be: about a minute"
    )
    parser.add_argument(
        "--seed", type=whole, metavar="N", help="of records and faults (default: a new one, told)"
    )
    parser.add_argument(
        "--faults", type=_faults, metavar="NAME,…", help="only these (default: all; see below)"
    )
    parser.add_argument(
        "--handler",
        type=Path,
        metavar="FOLDER",
        help="app.py in this folder instead of functions/ingest_orders: a broken one must be found",
    )
    parser.add_argument(
        "--recover-within",
        type=positive,
        default=RECOVERY_LIMIT_SECONDS,
        metavar="SECONDS",
        help="how soon work must go on after each fault (default: %(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON, in one line")


def run(arguments: Namespace, settings: Settings) -> int:
    """Prove; 0 when everything held, 1 with what did not.

    Raises `UserError` when the stack cannot be started, a fault does not come where orders come
    from, or a proof is already running here.
    """
    home = settings.home / "prove"
    refusal = f"a proof is already running in {home}; wait for it, or set DEVSTACK_HOME"
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing of the stack stays behind
    with alone(home, refusal):
        proof = Proving(home, wishes(arguments, settings), _tell).run()
        files = _written(proof, home)
    say(summary.as_json(proof) if arguments.json else summary.as_text(proof))
    _tell(f"written: {', '.join(map(str, files))}")
    return 0 if proof.holds else 1


def wishes(arguments: Namespace, settings: Settings) -> Wishes:
    """Return what is to be proved; what was not chosen depends on whether it is to be quick.

    Raises `UserError` for a fault that does not come where orders come from.
    """
    quick = arguments.quick
    source: Source = arguments.source or settings.source
    return Wishes(
        source=source,
        orders=arguments.orders or (QUICK_ORDERS if quick else ORDERS),
        seed=secrets.randbelow(_SEEDS) if arguments.seed is None else arguments.seed,
        rate=arguments.rate,
        rounds=_or(arguments.rounds, QUICK_ROUNDS if quick else ROUNDS),
        pace=plan.QUICK if quick else plan.THOROUGH,
        faults=_chosen(arguments.faults, source),
        handler=arguments.handler,
        recovery_limit_seconds=arguments.recover_within,
    )


def _chosen(faults: Sequence[Fault] | None, source: Source) -> Sequence[Fault]:
    if faults is None:
        return tuple(fault for fault in FAULTS.values() if source in fault.sources)
    for fault in faults:
        if source not in fault.sources:
            message = f"{fault.name} is no fault of {source}: {_described(fault)}"
            raise UserError(message)
    return faults


def _described(fault: Fault) -> str:
    only = "" if len(fault.sources) == len(Source) else f" (only {', '.join(fault.sources)})"
    return f"{fault.what}{only}"


def _or(chosen: int | None, default: int) -> int:
    return default if chosen is None else chosen


def _written(proof: Proof, home: Path) -> list[Path]:
    """Write the report as JSON, and the plot where it can be drawn."""
    file = home / "proof.json"
    file.write_text(summary.as_json(proof) + "\n", encoding="utf-8")
    if not plot.available():
        _tell("no plot: matplotlib is not installed; `make prove` installs it")
        return [file]
    return [file, *plot.write(proof, home)]


def _faults(text: str) -> tuple[Fault, ...]:
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in FAULTS]:
        message = f"there is no fault {unknown[0]}; there are {', '.join(FAULTS)}"
        raise ArgumentTypeError(message)
    return tuple(FAULTS[name] for name in names)


def _tell(line: str) -> None:
    """Tell of progress, apart from the report."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
