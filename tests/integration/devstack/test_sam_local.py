"""`sam local`'s commands without Docker, and the relay by which containers reach the database."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from devstack.sam_local.relay import Address, relay
from tests.servers import ROOT

ANOTHER_LOOPBACK = "127.0.0.2"
PATIENCE_SECONDS = 60
COMMANDS = (("sam-local",), ("sam-invoke", "events/api_order.json"))


def run(*arguments: str, home: Path, **environment: str) -> tuple[int, str]:
    """Run a command of devstack; return its status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "devstack", *arguments],
        cwd=ROOT,
        env={"PATH": "", "DEVSTACK_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_without_a_stack_it_says_how_to_start_one(command: tuple[str, ...], tmp_path: Path) -> None:
    status, said = run(*command, home=tmp_path)

    assert (status, said.count("\n")) == (1, 1)
    assert "`make run`" in said


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_without_docker_it_says_so(command: tuple[str, ...], tmp_path: Path) -> None:
    status, said = run(*command, home=tmp_path, DB_HOST="127.0.0.1")

    assert (status, said.count("\n")) == (1, 1)
    assert "Docker" in said
    assert "not installed" in said


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), ("{", "Expecting"), ("[]", "no JSON object"), ("{}", "--function")],
)
def test_what_is_no_event_is_refused_in_one_line(
    tmp_path: Path, content: str | None, reason: str
) -> None:
    file = tmp_path / "event.json"
    if content is not None:
        file.write_text(content)

    status, said = run("sam-invoke", str(file), home=tmp_path, DB_HOST="127.0.0.1")

    assert (status, said.count("\n")) == (1, 1)
    assert reason in said


class Echo(StreamRequestHandler):
    """Says what it hears until it hears nothing, or `bye`."""

    def handle(self) -> None:
        for line in self.rfile:
            if line == b"bye\n":
                return
            self.wfile.write(line)


@pytest.fixture
def echo() -> Iterator[Address]:
    """Give the address of a server on the loopback."""
    with ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield "127.0.0.1", int(server.server_address[1])
        server.shutdown()


def test_a_relay_passes_on_what_both_sides_say(echo: Address) -> None:
    much = b"x" * 1_000_000 + b"\n"

    with relay(ANOTHER_LOOPBACK, echo) as address, socket.create_connection(address, 10) as client:
        sending = Thread(target=client.sendall, args=(much,))
        sending.start()
        heard = client.makefile("rb").read(len(much))
        sending.join()

    assert address[0] == ANOTHER_LOOPBACK
    assert heard == much


def test_a_relay_ends_a_connection_that_the_server_ends(echo: Address) -> None:
    with relay(ANOTHER_LOOPBACK, echo) as address, socket.create_connection(address, 10) as client:
        client.sendall(b"bye\n")

        assert client.recv(1) == b""


def test_a_relay_ends_a_connection_when_there_is_no_server(echo: Address) -> None:
    nobody = ("127.0.0.3", echo[1])

    with (
        relay(ANOTHER_LOOPBACK, nobody) as address,
        socket.create_connection(address, 10) as client,
    ):
        assert client.recv(1) == b""


def test_a_relay_is_gone_with_its_block(echo: Address) -> None:
    with relay(ANOTHER_LOOPBACK, echo) as address:
        pass

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, 10)
