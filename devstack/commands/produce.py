"""The produce command: its options in, records in the topic or the stream and a summary out."""

import json
import secrets
import sys
from argparse import ArgumentParser, Namespace
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict

from devstack import progress, state
from devstack.commands import numbers
from devstack.errors import UserError
from devstack.kafka import DEFAULT_PARTITIONS
from devstack.producer.delivery import Destination, Summary, produce
from devstack.producer.kafka_topic import kafka_topic
from devstack.producer.mix import records
from devstack.producer.nats_stream import nats_stream
from devstack.settings import Settings, Source

_REDRAW_EVERY = 100


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack produce`."""
    option = parser.add_argument
    option(
        "--to",
        choices=tuple(Source),
        help="where to (default: what the running stack reads, else SOURCE)",
    )
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
        help="share of bad records, 0 to 1 (default: 0); NATS takes no tombstones",
    )
    option(
        "--partitions",
        type=numbers.positive_whole,
        metavar="N",
        help="partitions the topic of Kafka is to have (default: as it is; a new one gets"
        f" {DEFAULT_PARTITIONS})",
    )
    option("--json", action="store_true", help="print the summary as JSON")


def run(arguments: Namespace, settings: Settings) -> int:
    """Produce to KAFKA_BROKER or NATS_URL when it is set, to the running stack's server otherwise.

    Raises `UserError` when there is none, or when a record could not be delivered.
    """
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    with (
        _destination(arguments, settings) as destination,
        progress.bar("producing", arguments.count, every=_REDRAW_EVERY) as on_progress,
    ):
        kinds = destination.bad_kinds
        summary = produce(
            records(arguments.count, seed=seed, bad_rate=arguments.bad_rate, kinds=kinds),
            destination,
            rate=arguments.rate,
            on_progress=on_progress,
        )
    tell = as_json if arguments.json else as_text
    sys.stdout.write(tell(summary, seed) + "\n")
    return 0


def _destination(arguments: Namespace, settings: Settings) -> AbstractContextManager[Destination]:
    source = Source(arguments.to or _source(settings))
    if source is Source.KAFKA:
        broker = settings.values.get("KAFKA_BROKER") or _of_stack(settings, source)
        return nullcontext(kafka_topic(broker, settings.topic, arguments.partitions))
    if arguments.partitions is not None:
        message = "--partitions is for Kafka; a stream of NATS has one"
        raise UserError(message)
    url = settings.values.get("NATS_URL") or _of_stack(settings, source)
    return nats_stream(url, settings.nats_stream, settings.nats_credentials)


def _source(settings: Settings) -> Source:
    running = state.read(settings.home)
    return running.addresses.source if running else settings.source


def _of_stack(settings: Settings, source: Source) -> str:
    addresses = state.running(settings).addresses
    if source is not addresses.source:
        name = "NATS_URL" if source is Source.NATS else "KAFKA_BROKER"
        message = f"the running stack reads {addresses.source}; leave --to out, or set {name}"
        raise UserError(message)
    return addresses.nats_url or addresses.kafka_broker


def as_json(summary: Summary, seed: int) -> str:
    """Write the summary for programs, on one line."""
    return json.dumps({"seed": seed, **asdict(summary)})


def as_text(summary: Summary, seed: int) -> str:
    """Write the summary for people."""
    partitions = "1 partition" if summary.partitions == 1 else f"{summary.partitions} partitions"
    place = f"topic {summary.topic} ({partitions})"
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
