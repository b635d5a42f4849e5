"""Documents: refused records in, what a program reads of them out, one JSON object a line.

They are the bodies with which the API answers.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from orders.api import rendering
from orders.quarantine import Details, QuarantinedRecord
from orders.record import Fault

_LANGUAGE: Final = "en"


def line(document: Mapping[str, Any]) -> str:
    """Write one line; it is ASCII, so that nothing in it drives a terminal."""
    return json.dumps(document)


def record(found: QuarantinedRecord) -> Mapping[str, Any]:
    """Describe a record without its bytes."""
    return rendering.quarantined_record(found, _LANGUAGE)


def details(found: Details) -> Mapping[str, Any]:
    """Describe all that is known of a record."""
    return rendering.details(found, _LANGUAGE)


def faults(some: tuple[Fault, ...]) -> list[Any]:
    """Describe why a record is refused."""
    return [*rendering.faults(some, _LANGUAGE)]
