"""The mapping process: a configuration file in, every mapping of a template running until SIGTERM.

`python -m devstack.event_source_mapping --config FILE`
"""

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from confluent_kafka import KafkaException

from devstack.errors import UserError
from devstack.event_source_mapping.polling.checkpoint import OffsetOrderError
from devstack.event_source_mapping.process import read_settings, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mappings until SIGTERM or SIGINT; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m devstack.event_source_mapping", description=__doc__
    )
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="JSON, see process.Settings"
    )
    path: Path = parser.parse_args(arguments).config
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        run(read_settings(json.loads(path.read_text(encoding="utf-8"))), stopping)
    except (UserError, OSError, ValueError, KafkaException, OffsetOrderError) as error:
        sys.stdout.write(f"ERROR {' '.join(str(error).split())}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
