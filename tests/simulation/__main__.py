"""The simulation's command: how many histories from which seed in, a verdict out.

`python -m tests.simulation --histories 10000 --seed 1` (`make simulate`).
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence

from devstack.commands import numbers
from tests.simulation.history import History, play
from tests.simulation.playing import first_failed, parts_of
from tests.simulation.saboteurs import SABOTEURS
from tests.simulation.script import Script
from tests.simulation.shrinking import shrink


def main(arguments: Sequence[str]) -> int:
    """Play histories; return 0 when every one holds, else tell the first that does not."""
    options = _parser().parse_args(arguments)
    if options.replay:
        parts = parts_of(options.saboteur)
        return _tell(play(options.replay, parts, tell=True), options.saboteur)
    began = time.monotonic()
    seeds = range(options.seed, options.seed + options.histories)
    failed = first_failed(seeds, options.saboteur, options.jobs)
    if failed is not None:
        return _tell_failed(failed, options.saboteur)
    seconds = time.monotonic() - began
    rate = options.histories / seconds * 60
    sys.stdout.write(f"{options.histories} histories in {seconds:.1f} s, {rate:,.0f} a minute\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description="Play histories of the pipeline, each chosen by its seed, and check each.",
    )
    option = parser.add_argument
    option(
        "--histories",
        type=numbers.positive_whole,
        default=10_000,
        metavar="N",
        help="how many, each with the next seed (default: 10000)",
    )
    option("--seed", type=int, default=0, metavar="N", help="the first seed (default: 0)")
    option(
        "--jobs",
        type=numbers.positive_whole,
        default=os.cpu_count(),
        metavar="N",
        help="how many at the same time (default: one a core)",
    )
    option(
        "--replay",
        type=Script.of_json,
        metavar="JSON",
        help="play this one history, and tell it event by event",
    )
    option("--saboteur", choices=SABOTEURS, help="put this one to work, and see it being noticed")
    return parser


def _tell_failed(seed: int, saboteur: str | None) -> int:
    parts = parts_of(saboteur)
    whole = play(Script(seed), parts)
    sys.stdout.write(f"seed {seed} fails: {whole.fault}\nlooking for a shorter history …\n\n")
    return _tell(shrink(whole, parts), saboteur)


def _tell(history: History, saboteur: str | None) -> int:
    verdict = f"does not hold: {history.fault}" if history.fault else "holds"
    with_saboteur = f" --saboteur {saboteur}" if saboteur else ""
    again = f"python -m tests.simulation{with_saboteur} --replay '{history.script.as_json()}'"
    sys.stdout.write("\n".join((*history.lines, verdict, f"again: {again}", "")))
    return int(history.fault is not None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
