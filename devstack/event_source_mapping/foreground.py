"""Mappings in the foreground: settings in, an exit status out once SIGTERM or SIGINT has come."""

import logging
import signal
import sys
from threading import Event

from confluent_kafka import KafkaException

from devstack.errors import UserError
from devstack.event_source_mapping.polling.checkpoint import OffsetOrderError
from devstack.event_source_mapping.process import run
from devstack.event_source_mapping.settings import Settings


def run_until_signalled(settings: Settings) -> int:
    """Run the mappings; return the exit status, with what ended them as the last line."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        run(settings, stopping)
    except (UserError, OSError, ValueError, KafkaException, OffsetOrderError) as error:
        return failed(error)
    return 0


def failed(error: Exception) -> int:
    """Tell why nothing runs; return the exit status."""
    sys.stdout.write(f"ERROR {' '.join(str(error).split())}\n")
    return 1
