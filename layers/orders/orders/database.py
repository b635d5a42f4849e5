"""Database: one warm connection to PostgreSQL, replaced when it turns out dead.

Only here do the driver's errors become ours: SQLSTATE classes 22 and 23 are the data's fault, all
else is the infrastructure's. After any error the connection is thrown away.
"""

import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any, Final, TypeVar

from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection, PreparedStatement

from orders.config import Settings
from orders.credentials import Credentials, login
from orders.errors import InvalidRequestError, OrderServiceError, StoreUnavailableError
from orders.trust import trust

T = TypeVar("T")
Row = list[Any]

_CONNECT_SECONDS: Final = 2.0
_VANISHED: Final = {
    "TCP_USER_TIMEOUT": 5000,
    "TCP_KEEPIDLE": 4,
    "TCP_KEEPINTVL": 2,
    "TCP_KEEPCNT": 3,
}
"""Notice a server that vanished within 10 s, while it is to acknowledge (ms) and to answer (s).

The options of Linux, where Lambda runs; other systems know some of them. tcp(7)
"""
_IDLE_SECONDS: Final = 5.0
"""How long a transaction may do nothing: it only prepares rows between its statements."""
_DATA_FAULTS: Final = ("22", "23", "54000")
_SERVER_GOES: Final = ("08", "57P01", "57P02", "57P03", "57P05", "25P03")
_LOGIN_REFUSED: Final = ("28000", "28P01")
_SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)


class _ConnectionLostError(StoreUnavailableError):
    """The connection is gone; a new one may work."""


class _LoginRefusedError(StoreUnavailableError):
    """PostgreSQL lets nobody in with these credentials; others may work."""


class Session:
    """One connection; a statement is prepared the first time that it runs."""

    def __init__(self, connection: Connection, wire: socket.socket) -> None:
        self._connection = connection
        self._wire = wire
        self._prepared: dict[str, PreparedStatement] = {}

    def allow(self, seconds: float) -> None:
        """Let no wait for the server last longer."""
        self._wire.settimeout(max(seconds, 0.001))

    def run(self, statement: str, **parameters: object) -> list[Row]:
        """Run one statement with `:name` parameters; return its rows."""
        with _translated():
            prepared = self._prepared.get(statement)
            if prepared is None:
                prepared = self._prepared[statement] = self._connection.prepare(statement)
            rows: list[Row] | None = prepared.run(**parameters)
            return rows or []

    def script(self, statements: str) -> None:
        """Run statements without parameters in one round trip."""
        with _translated():
            self._connection.run(statements)

    def copy(self, statement: str, rows: bytes) -> None:
        """Run a COPY … FROM STDIN of rows in its text format."""
        with _translated():
            self._connection.run(statement, stream=[rows])

    def close(self) -> None:
        """Close, whatever state the connection is in."""
        with suppress(InterfaceError, OSError, ValueError):
            self._connection.close()
        self._wire.close()


class Database:
    """A database, reached when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._login = login(settings)
        self._session: Session | None = None

    def read(self, work: Callable[[Session], T], *, seconds: float) -> T:
        """Do reading work, on a new connection if the warm one is dead.

        Raises StoreUnavailableError after about so many seconds.
        """
        return self._do(work, time.monotonic() + seconds, share=0.5)

    def transact(self, work: Callable[[Session], T], *, seconds: float, keep: bool = True) -> T:
        """Do work in one transaction, again on a new connection if the warm one is dead.

        Unless it is kept, all of it is taken back at its end.
        The work must change nothing when it is done twice: a connection may die after the commit.
        Raises InvalidRequestError when the data is refused, StoreUnavailableError otherwise.
        """

        def transaction(session: Session) -> T:
            session.script(_begin(seconds))
            result = work(session)
            session.script("COMMIT" if keep else "ROLLBACK")
            return result

        return self._do(transaction, time.monotonic() + seconds, share=1.0)

    def close(self) -> None:
        """Close the warm connection, if there is one."""
        if self._session:
            self._session.close()
        self._session = None

    def connect(self, seconds: float = _CONNECT_SECONDS) -> Session:
        """Open a connection of the caller's own, with other credentials if they are refused.

        Raises StoreUnavailableError.
        """
        deadline = time.monotonic() + seconds
        credentials = self._login.credentials()
        try:
            return self._log_in(credentials, deadline)
        except _LoginRefusedError:
            renewed = self._login.renewed(credentials)
            if renewed is None:
                raise
            return self._log_in(renewed, deadline)

    def _log_in(self, credentials: Credentials, deadline: float) -> Session:
        seconds = max(deadline - time.monotonic(), 0.001)
        with _translated():
            return _connect(self._settings, credentials, self._trust, seconds)

    @cached_property
    def _trust(self) -> ssl.SSLContext | None:
        try:
            return trust(self._settings.db_ssl_root_cert)
        except OSError as error:
            message = f"DB_SSL_ROOT_CERT {self._settings.db_ssl_root_cert} holds no CA: {error}"
            raise StoreUnavailableError(message) from error

    def _do(self, work: Callable[[Session], T], deadline: float, share: float) -> T:
        """Try the warm connection for its share of the time, then a new one for the rest."""
        if self._session:
            with suppress(_ConnectionLostError):
                return self._attempt(self._session, work, share * (deadline - time.monotonic()))
        left = deadline - time.monotonic()
        self._session = self.connect(min(left, _CONNECT_SECONDS) if left > 0 else 0.001)
        return self._attempt(self._session, work, deadline - time.monotonic())

    def _attempt(self, session: Session, work: Callable[[Session], T], seconds: float) -> T:
        session.allow(seconds)
        try:
            return work(session)
        except BaseException:
            self.close()
            raise


def _begin(seconds: float) -> str:
    """Begin a transaction that does not keep its locks when its client has vanished.

    A COPY heeds no time-out while it waits for rows: there, keepalives notice.
    """
    idle_seconds = min(seconds, _IDLE_SECONDS)
    return (
        f"BEGIN; SET LOCAL statement_timeout = {int(seconds * 1000)};"
        f" SET LOCAL idle_in_transaction_session_timeout = {int(idle_seconds * 1000)};"
        f" SET LOCAL tcp_keepalives_idle = {_VANISHED['TCP_KEEPIDLE']};"
        f" SET LOCAL tcp_keepalives_interval = {_VANISHED['TCP_KEEPINTVL']};"
        f" SET LOCAL tcp_keepalives_count = {_VANISHED['TCP_KEEPCNT']}"
    )


def _connect(
    settings: Settings, credentials: Credentials, trust: ssl.SSLContext | None, seconds: float
) -> Session:
    wire = socket.create_connection((settings.db_host, settings.db_port), seconds)
    try:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _VANISHED.items():
            if hasattr(socket, name):
                wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        if trust:
            wire = _encrypted(wire, trust, settings.db_host)
        connection = Connection(
            credentials.user,
            password=credentials.password,
            database=settings.db_name,
            application_name="serverless-orders",
            sock=wire,
            ssl_context=False,  # done above; None would ask for TLS once more, and trust anybody
        )
    except BaseException:
        wire.close()
        raise
    return Session(connection, wire)


def _encrypted(wire: socket.socket, trust: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """Ask for TLS.

    https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
    """
    wire.sendall(_SSL_REQUEST)
    if wire.recv(1) != b"S":
        message = "the database refuses TLS"
        raise ConnectionError(message)
    return trust.wrap_socket(wire, server_hostname=host)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise _meaning(error) from error
    except (InterfaceError, OSError, struct.error) as error:
        message = f"the database does not answer: {error.__cause__ or error}"
        raise _ConnectionLostError(message) from error


def _meaning(error: DatabaseError) -> OrderServiceError:
    """Tell whose fault an error is.

    https://www.postgresql.org/docs/current/errcodes-appendix.html
    """
    fields = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    sqlstate, message = fields.get("C", ""), fields.get("M", str(error))
    if sqlstate.startswith(_DATA_FAULTS):
        return InvalidRequestError(message, code="refused_by_database", sqlstate=sqlstate)
    if sqlstate.startswith(_SERVER_GOES):
        return _ConnectionLostError(f"{message} (SQLSTATE {sqlstate})")
    if sqlstate in _LOGIN_REFUSED:
        return _LoginRefusedError(f"the login is refused: {message} (SQLSTATE {sqlstate})")
    return StoreUnavailableError(f"{message} (SQLSTATE {sqlstate})")
