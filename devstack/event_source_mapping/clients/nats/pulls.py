"""The pulls: how much is wanted in, one request for messages at a time out.

nats-py's own `fetch` takes a message with a header `Status` for the server's word, and loses it.
"""

from devstack.event_source_mapping.clients.nats import requests
from devstack.event_source_mapping.clients.nats.events import Answered, Outgoing

MOST_MESSAGES = 1000
MOST_BYTES = 16 * 1024 * 1024
"""Of one request, and more than a message may have: one that does not fit is never delivered."""

PULL_SECONDS = 5.0
OVERDUE_SECONDS = 2.0
"""How much later than it expires a request is taken for lost."""

AFTER_FAULT_SECONDS = 1.0

_ENDS = ("Batch Completed", "Message Size Exceeds MaxBytes")
_GONE = ("Consumer Deleted", "Consumer is push based")
_NAME = "pull"


class Pulls:
    """The requests of one session."""

    most = MOST_MESSAGES

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._number = 0
        self._left = 0
        self._until = 0.0
        self._not_before = 0.0

    def is_due(self, now: float) -> bool:
        """Tell whether nothing is asked for at the moment."""
        return now >= self._not_before and (self._left <= 0 or now >= self._until)

    def request(self, most: int, now: float) -> Outgoing:
        """Ask for messages."""
        self._number += 1
        self._left = most
        self._until = now + PULL_SECONDS + OVERDUE_SECONDS
        body = requests.pull(most, MOST_BYTES, PULL_SECONDS)
        return Outgoing(self._subject, body, f"{_NAME}.{self._number}")

    def note_arrival(self) -> None:
        """Count a message."""
        self._left -= 1

    def is_of(self, answer: Answered) -> bool:
        """Tell whether an answer ends a request."""
        return answer.what.startswith(f"{_NAME}.")

    def end(self, answer: Answered, now: float) -> str | None:
        """Note how a request ended; return the fault, if there is one."""
        if answer.what == f"{_NAME}.{self._number}":
            self._left = 0
        if answer.status in {"404", "408"} or answer.text.startswith(_ENDS):
            return None
        self._not_before = now + AFTER_FAULT_SECONDS
        return answer.text or f"status {answer.status}"

    @staticmethod
    def has_no_consumer(answer: Answered) -> bool:
        """Tell whether nobody serves the consumer any more."""
        return answer.status == "503" or answer.text.startswith(_GONE)
