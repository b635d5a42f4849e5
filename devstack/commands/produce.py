"""The produce command: its options in, records in the topic and a summary out."""

import json
import secrets
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from devstack import progress, state
from devstack.commands import numbers
from devstack.kafka import DEFAULT_PARTITIONS
from devstack.producer.delivery import Summary, produce
from devstack.producer.mix import records
from devstack.settings import Settings

_REDRAW_EVERY = 100


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack produce`."""
    option = parser.add_argument
    option(
        "--count", type=numbers.whole, default=1, metavar="N", help="how many records (default: 1)"
    )
    option(
        "--rate", type=numbers.positive, metavar="N", help="records a second (default: no limit)"
    )
    option("--seed", type=int, metavar="N", help="same seed, same records (default: a new one)")
    option(
        "--bad-rate",
        type=numbers.share,
        default=0.0,
        metavar="SHARE",
        help="share of bad records, 0 to 1 (default: 0)",
    )
    option(
        "--partitions",
        type=numbers.positive_whole,
        metavar="N",
        help=f"partitions the topic is to have (default: as it is; a new one gets"
        f" {DEFAULT_PARTITIONS})",
    )
    option("--json", action="store_true", help="print the summary as JSON")


def run(arguments: Namespace, settings: Settings) -> int:
    """Produce to KAFKA_BROKER when it is set, to the running stack's broker otherwise.

    Raises `UserError` when there is none, or when a record could not be delivered.
    """
    broker = settings.values.get("KAFKA_BROKER") or state.running(settings).addresses.kafka_broker
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    with progress.bar("producing", arguments.count, every=_REDRAW_EVERY) as on_progress:
        summary = produce(
            records(arguments.count, seed=seed, bad_rate=arguments.bad_rate),
            bootstrap_servers=broker,
            topic=settings.topic,
            partitions=arguments.partitions,
            rate=arguments.rate,
            on_progress=on_progress,
        )
    tell = as_json if arguments.json else as_text
    sys.stdout.write(tell(summary, seed) + "\n")
    return 0


def as_json(summary: Summary, seed: int) -> str:
    """Write the summary for programs, on one line."""
    return json.dumps({"seed": seed, **asdict(summary)})


def as_text(summary: Summary, seed: int) -> str:
    """Write the summary for people."""
    place = f"topic {summary.topic} ({summary.partitions} partitions)"
    lines = [
        f"{summary.produced} records in {summary.seconds:.1f} s to {place}, seed {seed}",
        f"  {summary.valid} valid orders",
        *(f"    {order_uid}" for order_uid in summary.order_uids),
    ]
    if summary.valid > len(summary.order_uids):
        lines.append("    …")
    if bad := sum(summary.bad.values()):
        lines.append(f"  {bad} bad records")
        lines.extend(f"    {kind}: {number}" for kind, number in sorted(summary.bad.items()))
    return "\n".join(lines)
