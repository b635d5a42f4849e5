"""What a link tells a consumer, and what it is told: sessions, messages, answers and their ends."""

from typing import NamedTuple

from devstack.event_source_mapping.clients.nats.messages import Message
from devstack.event_source_mapping.clients.nats.requests import Bound


class Opened(NamedTuple):
    """A session began."""

    session: int
    bound: Bound


class Arrived(NamedTuple):
    """A message was delivered."""

    session: int
    message: Message


class Answered(NamedTuple):
    """What was published with an `Outgoing.answer` was answered; a status is the server's own."""

    session: int
    what: str
    status: str
    text: str
    body: bytes


class Closed(NamedTuple):
    """A session ended, or could not begin."""

    code: str
    text: str


class Missing(NamedTuple):
    """There is no such stream."""

    text: str


class Refused(NamedTuple):
    """The server does not let us in, or not do what is needed; nothing more comes."""

    reason: str
    text: str


class Broken(NamedTuple):
    """What nobody expected; nothing more comes."""

    error: BaseException


Event = Opened | Arrived | Answered | Closed | Missing | Refused | Broken


class Outgoing(NamedTuple):
    """Something to publish; `answer` names what comes back, and nothing does without."""

    subject: str
    body: bytes = b""
    answer: str = ""
