"""Differences: what is not as in a direct call, place by place, and which tool's doing it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.targets.place import INGEST_SECONDS

REFERENCE: Final = "direct call"
PLACES: Final = ("devstack", "sam local", "LocalStack")
"""What is compared with the direct call."""

ABSENT: Final = "(absent)"

_OVER_HTTP: Final = ("look-up, miss", "look-up, hit", "404", "POST", "bad POST")


@dataclass(frozen=True)
class Difference:
    """What another place has otherwise, in these events, and why."""

    place: str
    events: tuple[str, ...]
    seen: Mapping[str, str]
    """Field → its value there, or `ABSENT`."""
    reason: str


DIFFERENCES: Final = (
    Difference(
        "devstack",
        _OVER_HTTP,
        {"header x-content-type-options": "nosniff"},
        "the edge adds it, as CloudFront does on AWS",
    ),
    Difference(
        "LocalStack",
        _OVER_HTTP,
        {"header x-localstack": "true"},
        "LocalStack adds it to every answer",
    ),
    Difference(
        "sam local",
        ("time-out",),
        {
            "FunctionError": ABSENT,
            "body": f"Task timed out after {INGEST_SECONDS}.00 seconds",
            "errorMessage": ABSENT,
            "errorType": ABSENT,
        },
        "start-lambda answers the bare sentence, as if the function had returned it",
    ),
)


def listed(place: str, event: str) -> dict[str, str]:
    """Return the fields that are known to differ, with the values they have there."""
    known: dict[str, str] = {}
    for one in DIFFERENCES:
        if one.place == place and event in one.events:
            known |= one.seen
    return known


def found(reference: Mapping[str, str], there: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that differ, with the values they have there."""
    return dict(_found(reference, there))


def _found(reference: Mapping[str, str], there: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for field in sorted({*reference, *there}):
        value = there.get(field, ABSENT)
        if value != reference.get(field, ABSENT):
            yield field, value
