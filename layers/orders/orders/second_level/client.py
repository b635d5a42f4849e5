"""Client: keys in, values out, within a budget and without exceptions.

What is broken or slow is left alone for a while: see the circuit.
"""

import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Final, NamedTuple

from orders.circuit import Circuit
from orders.second_level.connecting import connect
from orders.second_level.resp import (
    Command,
    Connection,
    ConnectionLostError,
    Deadline,
    ErrorReply,
    ExchangeError,
    Reply,
)
from orders.second_level.url import CacheServer
from orders.trust import trust

LARGEST_VALUE: Final = 2 * 2**20
"""In bytes; an order's document has half of it at most (see validation)."""

_READ: Final = b"GETRANGE"  # of a value that is too long, it sends no more than is asked for
_LAST: Final = b"%d" % (LARGEST_VALUE - 1)
_SLOW_SHARE: Final = 0.5
"""Of its time; an answer that took more is good, and a fault all the same."""


class Budget(NamedTuple):
    """How long the server may take, in seconds."""

    connect: float = 0.1
    one: float = 0.05
    """For one key."""
    many: float = 0.2


BUDGET: Final = Budget()


class Entry(NamedTuple):
    """What is to be kept, and for how long."""

    key: bytes
    value: bytes
    seconds: int


class Client:
    """One server, reached when it is first needed."""

    def __init__(
        self,
        server: CacheServer,
        report: Callable[[str], None],
        *,
        budget: Budget = BUDGET,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.circuit = Circuit(clock)
        self.faults = 0
        """How often answers did not come, came late, or refused."""
        self.skipped = 0
        """How many keys were not asked for, as the circuit was open."""
        self._server = server
        self._report = report
        self._budget = budget
        self._clock = clock
        self._connection: Connection | None = None
        self._takes_writes = True

    def read(self, keys: Sequence[bytes]) -> list[bytes]:
        """Return the keys' values, empty where there are none.

        Nothing at all is returned when the server does not answer.
        """
        if self.circuit.state == "open":
            self.skipped += len(keys)
            return []
        replies = self._ask([(_READ, key, b"0", _LAST) for key in keys])
        if any(map(_is_refusal, replies)):
            return []
        return [reply if isinstance(reply, bytes) else b"of another type" for reply in replies]

    def write(self, entries: Sequence[Entry]) -> None:
        """Keep values; a server that takes none, being full or a replica, is still read from."""
        if self.circuit.state == "open":
            return
        replies = self._ask(
            [(b"SET", key, value, b"EX", b"%d" % seconds) for key, value, seconds in entries]
        )
        refusals = [reply for reply in replies if reply != b"OK"]
        self.faults += len(refusals)
        if refusals and self._takes_writes:
            self._report(f"it keeps nothing: {refusals[0]!s}")
        if replies:
            self._takes_writes = not refusals

    def close(self) -> None:
        """Close the warm connection, if there is one."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _ask(self, commands: Sequence[Command]) -> list[Reply]:
        """Return the replies, or none; whatever makes a look-up slower opens the circuit."""
        seconds = self._budget.one if len(commands) == 1 else self._budget.many
        try:
            replies, took = self._exchange(commands, seconds)
        except ExchangeError as error:
            self._connection = None
            self._open_circuit(str(error))
            return []
        refusal = next(filter(_is_refusal, replies), None)
        if refusal and commands[0][0] == _READ:
            self._open_circuit(str(refusal))
        elif took > seconds * _SLOW_SHARE:
            self._open_circuit(f"an answer took {took * 1000:.0f} ms")
        else:
            self.circuit.succeeded()
        return replies

    def _open_circuit(self, reason: str) -> None:
        self.faults += 1
        self.circuit.failed()
        self._report(reason)

    def _exchange(self, commands: Sequence[Command], seconds: float) -> tuple[list[Reply], float]:
        """Use the warm connection, or a new one if it is gone; tell how long the answer took."""
        if self._connection:
            with suppress(ConnectionLostError):  # it was idle for too long, or the server is new
                return self._timed(self._connection, commands, seconds)
        trusted, deadline = self._trust, Deadline(self._budget.connect, self._clock)
        self._connection = connect(self._server, trusted, deadline)
        return self._timed(self._connection, commands, seconds)

    def _timed(
        self, connection: Connection, commands: Sequence[Command], seconds: float
    ) -> tuple[list[Reply], float]:
        began = self._clock()
        replies = connection.exchange(commands, Deadline(seconds, self._clock))
        return replies, self._clock() - began

    @cached_property
    def _trust(self) -> ssl.SSLContext | None:
        try:
            return trust(self._server.root_cert)
        except OSError as error:
            message = f"ssl_ca_certs of CACHE_URL, {self._server.root_cert}, holds no CA: {error}"
            raise ExchangeError(message) from error


def _is_refusal(reply: Reply) -> bool:
    """Tell whether the server says no, and not only of this key, whose value will be replaced."""
    return isinstance(reply, ErrorReply) and reply.code != "WRONGTYPE"
