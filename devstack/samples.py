"""Sample orders: an empty stack in, the seeds' order and some generated ones stored out."""

import base64
import json
from collections.abc import Callable
from urllib.request import urlopen

from devstack.errors import UserError
from devstack.ports import LOCALHOST
from devstack.producer.delivery import produce
from devstack.producer.destination import source_of
from devstack.producer.mix import Record, records
from devstack.settings import ROOT, Addresses, Settings
from devstack.waiting import until

SAMPLE_EVENT = ROOT / "events" / "kafka_one_order.json"
SAMPLE_ORDER_UID = "b563feb7b2b84b6test"
GENERATED = 20
_SEED = 1
_PATIENCE_SECONDS = 30


def load_samples(settings: Settings, addresses: Addresses, say: Callable[[str], None]) -> None:
    """Send the samples to what the stack reads unless they are stored, and wait for the first one.

    Raises `UserError` when it cannot be read in time.
    """
    order = f"http://{LOCALHOST}:{addresses.http_ports[0]}/order/{SAMPLE_ORDER_UID}"
    if _is_there(order):
        say("the sample orders of an earlier start are there")
        return
    with source_of(settings, addresses) as source:
        say(f"sending {GENERATED + 1} sample orders through the {source.title}")
        produce([sample(), *records(GENERATED, seed=_SEED)], source)
    if not until(lambda: _is_there(order), _PATIENCE_SECONDS):
        message = f"{order} cannot be read after {_PATIENCE_SECONDS} s; see `make logs`"
        raise UserError(message)
    say("the first order arrived")


def sample() -> Record:
    """Return the seeds' order as a record, byte for byte as the sample event holds it."""
    (partition,) = json.loads(SAMPLE_EVENT.read_text())["records"].values()
    return Record(SAMPLE_ORDER_UID, base64.b64decode(partition[0]["value"]))


def _is_there(order: str) -> bool:
    try:
        urlopen(order, timeout=2).close()  # noqa: S310 - the stack's own address
    except OSError:  # an answer that is no success is one too
        return False
    return True
