"""Whatever a server sends, an exchange ends with as many replies or with its own error."""

import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.second_level.resp import Connection, Deadline, ErrorReply, ExchangeError, Reply

_SECONDS = 10


def exchange(answer: bytes, *commands: list[bytes]) -> tuple[bytes, list[Reply]]:
    """Return what a server got, and what its answer is taken for."""
    server, client = socket.socketpair()
    with contextlib.closing(Connection(client)) as connection, server:
        server.sendall(answer)
        server.shutdown(socket.SHUT_WR)
        replies = connection.exchange(commands, Deadline(_SECONDS))
        return server.recv(1000), replies


def test_commands_are_sent_at_once_and_replies_read_in_their_order() -> None:
    answer = b"$3\r\na\r\n\r\n+OK\r\n:-7\r\n$-1\r\n-OOM no room\r\n$0\r\n\r\n"

    sent, replies = exchange(answer, [b"SET", b"k", b"\r\n"], *[[b"PING"]] * 5)

    assert sent == b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\n" + b"*1\r\n$4\r\nPING\r\n" * 5
    assert replies == [b"a\r\n", b"OK", -7, None, ErrorReply("OOM no room"), b""]


def test_an_error_has_a_code() -> None:
    assert ErrorReply("WRONGTYPE Operation against a key").code == "WRONGTYPE"
    assert ErrorReply("").code == ""


@given(
    st.binary()
    | st.lists(st.sampled_from([b"$", b"+", b"-", b":", b"*", b"\r\n", b"1", b"-1", b"a"])).map(
        b"".join
    ),
    st.integers(1, 3),
)
def test_any_answer_is_as_many_replies_or_an_error(answer: bytes, commands: int) -> None:
    with contextlib.suppress(ExchangeError):
        _, replies = exchange(answer, *[[b"PING"]] * commands)
        assert len(replies) == commands


@given(st.data())
def test_an_answer_that_is_cut_is_an_error(data: st.DataObject) -> None:
    answer = b"+OK\r\n$3\r\nabc\r\n"
    length = data.draw(st.integers(0, len(answer) - 1))

    with pytest.raises(ExchangeError):
        exchange(answer[:length], [b"PING"], [b"PING"])
