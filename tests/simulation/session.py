"""The session: one execution environment's warm connection to the store, and what befalls it.

It does what `orders.database.Database` does: after any error the connection is thrown away, and
when the warm one turns out dead, the whole work is done once more on a new one.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from orders.errors import StoreUnavailableError
from tests.simulation.clock import SimulatedClock
from tests.simulation.store import Pause, Store, Transaction

T = TypeVar("T")


class ConnectionLostError(StoreUnavailableError):
    """The connection is gone; a new one may work."""


class Session:
    """The store as one environment reaches it; `pause` lets the world go on meanwhile."""

    def __init__(self, store: Store, clock: SimulatedClock, pause: Pause) -> None:
        self.transaction: Transaction | None = None
        self.fault: StoreUnavailableError | None = None
        """What the statement that runs now comes back with."""
        self._store = store
        self._clock = clock
        self._pause = pause
        self._is_warm = False
        self._start = 0
        """Which start of the server it is connected to."""

    def transact(self, work: Callable[[Transaction], T], *, seconds: float) -> T:
        """Do the work in one transaction; its statements may take so many seconds."""
        self._deadline = self._clock.now + seconds
        if self._is_warm:
            with suppress(ConnectionLostError):
                return self._attempt(work)
        if self._store.away:
            message = "the database does not answer"
            raise StoreUnavailableError(message)
        self._is_warm, self._start = True, self._store.starts
        return self._attempt(work)

    def abandon(self) -> None:
        """Leave a transaction without a word: the environment died, or the network did."""
        if self.transaction is not None and not self.transaction.ended:
            self.transaction.is_orphan = True
            self.transaction.waits_for = None
        self.transaction, self._is_warm = None, False

    def _attempt(self, work: Callable[[Transaction], T]) -> T:
        self._check_connection()
        transaction = self.transaction = self._store.begin(self._statement)
        try:
            result = work(transaction)
            transaction.commit_asked = True
            self._statement("asks for its commit")
            self._store.commit(transaction)
            self._statement("is told that it is committed")
        except Exception:
            self._close()
            raise
        self.transaction = None
        return result

    def _close(self) -> None:
        transaction = self.transaction
        if transaction is not None and not (transaction.ended or transaction.is_orphan):
            self._store.end(transaction)
        self.transaction, self._is_warm = None, False

    def _statement(self, what: str) -> None:
        self._pause(what)
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self._check_connection()
        if self._clock.now > self._deadline:
            message = "canceling statement due to statement timeout (SQLSTATE 57014)"
            raise StoreUnavailableError(message)

    def _check_connection(self) -> None:
        if self._store.away or self._start != self._store.starts:
            message = "the database closed the connection"
            raise ConnectionLostError(message)
