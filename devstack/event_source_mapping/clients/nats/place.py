"""Where a stream is, and how to get in."""

from typing import NamedTuple


class Place(NamedTuple):
    """A stream on a server, and the file of the NATS user that reads it."""

    url: str
    stream: str
    credentials: str | None = None
