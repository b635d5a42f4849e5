"""The replay command: its options in, records sent to a function again and a summary out."""

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from devstack.commands import moments, numbers
from devstack.commands.pairs import pair
from devstack.console import say
from devstack.replay import plan, summary
from devstack.replay.bookmarks import Bookmarks, Journey
from devstack.replay.composition import Replay, compose
from devstack.replay.sending import Pace, journey, replay
from devstack.replay.target import DEFAULT_ATTEMPTS
from devstack.settings import Settings

_LARGEST_BATCH = 10_000
_batch_size = numbers.number(int, lambda n: 0 < n <= _LARGEST_BATCH, "a number from 1 to 10000")


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack replay`."""
    sources = parser.add_subparsers(title="sources", metavar="SOURCE", required=True)
    topic = sources.add_parser(
        "topic",
        help="records of a topic; dead letters are unwrapped",
        description="Send records of a topic to a function. Nothing is committed. Messages of a"
        " dead-letter topic are unwrapped: their original records are sent.",
    )
    _add_topic(topic)
    stream = sources.add_parser(
        "stream",
        help="messages of a stream of NATS",
        description="Send messages of a stream of NATS to a function. Nothing is acknowledged, and"
        " no consumer of the stream notices.",
    )
    _add_stream(stream)
    files = sources.add_parser(
        "files",
        help="event files, JSON Lines of orders, dead letters in files or S3",
        description="Send what files hold: a Kafka event as it is; each line of a .jsonl file as"
        " a record of a topic named after the file; the event in a dead letter of S3.",
    )
    files.add_argument("files", nargs="+", metavar="FILE", help="a path, or s3://bucket/prefix")
    files.add_argument(
        "--aws-endpoint-url",
        metavar="URL",
        help="where s3:// is; 'aws' for AWS (default: the running stack's)",
    )
    for source, name in ((topic, "topic"), (stream, "stream"), (files, "files")):
        source.set_defaults(source=name)
        _add_common(source)


def _add_topic(parser: ArgumentParser) -> None:
    option = parser.add_argument
    option("topic", nargs="?", metavar="TOPIC", help="its name (default: KAFKA_TOPIC)")
    option(
        "--bootstrap-servers",
        metavar="HOST:PORT",
        help="brokers (default: KAFKA_BROKER, else the running stack's)",
    )
    option(
        "--kafka-property",
        action="append",
        type=pair,
        default=[],
        metavar="NAME=VALUE",
        help="a setting of librdkafka, as to sign in; may be repeated",
    )
    option(
        "--partition",
        action="append",
        type=numbers.whole,
        default=[],
        metavar="N",
        help="only this partition; may be repeated",
    )
    option("--from-offset", type=numbers.whole, metavar="N", help="the first offset")
    option("--to-offset", type=numbers.whole, metavar="N", help="the last offset")
    _add_times(parser)
    option("--wrapped", action="store_true", help="send dead letters as they stand")


def _add_stream(parser: ArgumentParser) -> None:
    option = parser.add_argument
    option("stream", nargs="?", metavar="STREAM", help="its name (default: NATS_STREAM)")
    option(
        "--server",
        metavar="URL",
        help="nats://host:port (default: NATS_URL, else the running stack's)",
    )
    option("--credentials", metavar="FILE", help="of a user of NATS (default: NATS_CREDENTIALS)")
    option("--from-sequence", type=numbers.whole, metavar="N", help="the first sequence")
    option("--to-sequence", type=numbers.whole, metavar="N", help="the last sequence")
    _add_times(parser)


def _add_times(parser: ArgumentParser) -> None:
    option = parser.add_argument
    moment = "ISO 8601 (UTC unless it says otherwise) or seconds since 1970"
    option(
        "--from-time",
        type=moments.milliseconds,
        metavar="TIME",
        help=f"not before this time: {moment}",
    )
    option("--to-time", type=moments.milliseconds, metavar="TIME", help="only before this time")


def _add_common(parser: ArgumentParser) -> None:
    option = parser.add_argument
    option(
        "--endpoint-url",
        metavar="URL",
        help="where the function is invoked; 'aws' for AWS (default: the running stack)",
    )
    option("--function", metavar="NAME", help="its name (default: the template's mapping's)")
    option(
        "--batch-size",
        type=_batch_size,
        metavar="N",
        help="records an event has at most (default: the template's)",
    )
    option(
        "--rate",
        type=numbers.positive,
        metavar="N",
        help="records a second; no event then holds more than one second's (default: no limit)",
    )
    option(
        "--attempts",
        type=numbers.positive_whole,
        default=DEFAULT_ATTEMPTS,
        metavar="N",
        help=f"how often a failing event is sent (default: {DEFAULT_ATTEMPTS})",
    )
    option("--dry-run", action="store_true", help="say what would be sent, and send nothing")
    option("--restart", action="store_true", help="do not go on where an interruption left off")
    option("--json", action="store_true", help="print the summary as JSON")


def run(arguments: Namespace, settings: Settings) -> int:
    """Send everything, or go on where the same command was interrupted; 1 when records failed.

    Raises `UserError` for a source that cannot be read and a function that cannot be reached.
    """
    composed = compose(arguments, settings, _note)
    bookmarks = Bookmarks(settings.home, composed.identity)
    planned = journey(composed.source, bookmarks, restart=arguments.restart)
    if planned.resumed:
        _note(f"going on after {planned.summary.sent} records; --restart begins anew")
    if arguments.dry_run:
        return _tell_plan(arguments, composed, planned)
    try:
        with _progress(planned) as on_progress:
            pace = Pace(arguments.rate, time.sleep)
            replay(
                *(composed.source, composed.target, planned, bookmarks),
                on_progress=on_progress,
                pace=pace,
            )
    except KeyboardInterrupt:
        _note(f"stopped after {planned.summary.sent} records; the same command goes on from there")
        return 130
    return _tell_summary(arguments, composed, planned)


def _tell_plan(arguments: Namespace, composed: Replay, planned: Journey) -> int:
    would = plan.plan(composed.source.events(planned.next, planned.end))
    if arguments.json:
        say(plan.as_json(would, **composed.words))
    else:
        say(plan.as_text(would, composed.source.title, composed.target.function_name))
    return 0


def _tell_summary(arguments: Namespace, composed: Replay, planned: Journey) -> int:
    told = planned.summary
    if arguments.json:
        say(summary.as_json(told, resumed=planned.resumed, **composed.words))
    else:
        say(summary.as_text(told, composed.source.title, composed.target.function_name))
    return 1 if told.failed else 0


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")


@contextmanager
def _progress(planned: Journey) -> Iterator[Callable[[Journey], None]]:
    """Draw a bar on standard error while it is a terminal."""
    console = Console(stderr=True)
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %")),
        *(TextColumn("{task.fields[rate]:.0f} records/s"), TimeRemainingColumn()),
    )
    before, began = planned.summary.sent, time.monotonic()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("replaying", total=planned.length, completed=planned.done, rate=0)

        def on_progress(now: Journey) -> None:
            rate = (now.summary.sent - before) / max(time.monotonic() - began, 1e-3)
            bar.update(task, completed=now.done, rate=rate)

        yield on_progress
