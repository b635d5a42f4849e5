"""Places: an event in, what the function's caller is answered out, wherever the function runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

INGEST_SECONDS: Final = 4
"""The time-out of the ingest function, in every place: long for a cold start, short for a test."""


@dataclass(frozen=True)
class Answer:
    """What a caller is told: by the Invoke API, or by an API Gateway over HTTP."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Lower-case names; of HTTP answers only."""
    function_error: str = ""
    """X-Amz-Function-Error; of invocations only."""


class Place(Protocol):
    """Where the functions run, over a migrated database of the place's own."""

    @property
    def database(self) -> Mapping[str, str]:
        """The DB_* settings of its database."""

    def invoke(self, function: str, event: Mapping[str, Any]) -> Answer:
        """Invoke a function by its logical id."""

    def request(self, event: Mapping[str, Any]) -> Answer:
        """Send the HTTP request that an event of API Gateway tells of."""
