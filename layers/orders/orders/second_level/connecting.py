"""Connecting: a server in, a connection that is logged in out, all within one deadline."""

import socket
import ssl
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any

from orders.second_level.resp import (
    Command,
    Connection,
    Deadline,
    ErrorReply,
    ExchangeError,
    meaning,
)
from orders.second_level.url import CacheServer

Resolve = Callable[..., list[Any]]


def connect(
    server: CacheServer,
    trust: ssl.SSLContext | None,
    deadline: Deadline,
    resolve: Resolve = socket.getaddrinfo,
) -> Connection:
    """Connect and log in; raises ExchangeError."""
    try:
        wire = _reach(_addresses(server, deadline, resolve), deadline)
        if trust:
            wire = _encrypted(wire, trust, server.host, deadline)
    except OSError as error:
        raise meaning(error) from error
    connection = Connection(wire)
    for reply in connection.exchange(_greetings(server), deadline):
        if isinstance(reply, ErrorReply):
            connection.close()
            raise ExchangeError(reply.text)
    return connection


def _greetings(server: CacheServer) -> list[Command]:
    greetings: list[Command] = []
    if server.user or server.password:
        login = [server.user, server.password] if server.user else [server.password]
        greetings.append([b"AUTH", *(part.encode() for part in login)])
    if server.database:
        greetings.append([b"SELECT", b"%d" % server.database])
    return greetings


def _addresses(server: CacheServer, deadline: Deadline, resolve: Resolve) -> list[Any]:
    """Resolve the name in a thread of its own: nothing else bounds how long that takes."""
    answers: list[list[Any]] = []
    errors: list[Exception] = []

    def ask() -> None:
        try:
            answers.append(resolve(server.host, server.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            errors.append(error)

    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(deadline.left())
    if not answers:
        message = f"the name {server.host} is not resolved: {errors or 'no answer in time'}"
        raise ExchangeError(message)
    return answers[0]


def _reach(addresses: Sequence[Any], deadline: Deadline) -> socket.socket:
    """Try one address after the other, each for its share of the time."""
    failure = OSError("the name has no address")
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        wire = socket.socket(family, kind, protocol)
        try:
            wire.settimeout(deadline.left() / (len(addresses) - number))
            wire.connect(address)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            wire.close()
            failure = error
        else:
            return wire
    raise failure


def _encrypted(
    wire: socket.socket, trust: ssl.SSLContext, host: str, deadline: Deadline
) -> ssl.SSLSocket:
    try:
        wire.settimeout(deadline.left())  # for the whole handshake
        return trust.wrap_socket(wire, server_hostname=host)
    except BaseException:
        wire.close()
        raise
