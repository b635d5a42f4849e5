"""PostgreSQL's messages: bytes of both sides in, the same bytes with what matters set apart out.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import struct
from collections.abc import Iterator
from enum import Enum, auto

_HEADER = struct.Struct("!cI")
_START = struct.Struct("!II")
_ASKS_FOR_ENCRYPTION = (80877103, 80877104)  # SSLRequest, GSSENCRequest
_NO_ENCRYPTION = b"N"
_PROTOCOL_3 = 3
_COMMIT = struct.pack("!cI7s", b"Q", 11, b"COMMIT\0")  # as Query
_COMMITTED = struct.pack("!cI7s", b"C", 11, b"COMMIT\0")  # as CommandComplete
_COPY_DATA = b"d"


class Mark(Enum):
    """What a piece is set apart for."""

    COMMIT = auto()
    """The client's COMMIT, or the answer to it, and nothing else."""
    COPY_DATA = auto()
    """CopyData of the client's from its beginning on, as far as it has come."""


Piece = tuple[Mark | None, bytes]
"""Some of the bytes, never none; no mark: any messages, and parts of them."""


class Dialogue:
    """What the two sides of a connection say to each other."""

    def __init__(self) -> None:
        self._asked = _Messages(_COMMIT, _COPY_DATA)
        self._answered = _Messages(_COMMITTED)
        self._beginning = b""
        self._has_begun = False
        self._encryption_is_asked_for = False
        self._is_opaque = False

    def asked(self, data: bytes) -> Iterator[Piece]:
        """Divide what the client said."""
        if not (self._has_begun or self._is_opaque):
            return self._begin(self._beginning + data)
        return self._divided(self._asked, data)

    def answered(self, data: bytes) -> Iterator[Piece]:
        """Divide what the server said."""
        if self._encryption_is_asked_for:
            self._encryption_is_asked_for = False
            self._is_opaque = data != _NO_ENCRYPTION
            return iter([(None, data)])
        return self._divided(self._answered, data)

    def _begin(self, data: bytes) -> Iterator[Piece]:
        """Read the first message, which has no type; another one follows a wish for encryption."""
        if len(data) < _START.size:
            self._beginning = data
            return iter(())
        self._beginning = b""
        length, code = _START.unpack_from(data)
        if code in _ASKS_FOR_ENCRYPTION:
            self._encryption_is_asked_for = True
            return iter([(None, data)])
        self._has_begun = True
        self._is_opaque = code >> 16 != _PROTOCOL_3  # a CancelRequest, or TLS from the start
        self._asked.skip(length)
        return self._divided(self._asked, data)

    def _divided(self, messages: "_Messages", data: bytes) -> Iterator[Piece]:
        return iter([(None, data)]) if self._is_opaque else messages.divide(data)


class _Messages:
    """One side's messages; what may become a mark is kept until it is known."""

    def __init__(self, commit: bytes, copy_data: bytes | None = None) -> None:
        self._commit = commit
        self._copy_data = copy_data
        self._kept = b""
        self._left = 0  # of the current message

    def skip(self, count: int) -> None:
        """Take so many bytes for one message."""
        self._left = count

    def divide(self, data: bytes) -> Iterator[Piece]:
        data = self._kept + data
        passed, at = 0, self._left  # what was yielded, and where the next message begins
        while at < len(data) and not self._is_undecided(data, at):
            kind, length = _HEADER.unpack_from(data, at)
            end = at + 1 + length
            if mark := self._mark(kind, data[at : at + len(self._commit)]):
                if at > passed:
                    yield None, data[passed:at]
                yield mark, data[at:end]
                passed = end
            at = end
        self._kept, self._left = data[at:], max(0, at - len(data))
        if passed < min(at, len(data)):
            yield None, data[passed:at]

    def _is_undecided(self, data: bytes, at: int) -> bool:
        start = data[at : at + len(self._commit)]
        return len(start) < _HEADER.size or (
            start != self._commit and self._commit.startswith(start)
        )

    def _mark(self, kind: bytes, start: bytes) -> Mark | None:
        if start == self._commit:
            return Mark.COMMIT
        return Mark.COPY_DATA if kind == self._copy_data else None
