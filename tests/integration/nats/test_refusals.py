"""Servers that ask who is there, and servers that are away: what the source says, and does."""

import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from devstack import jetstream
from tests.integration.event_source_mapping.endpoint import LambdaEndpoint
from tests.integration.event_source_mapping.mapping_process import MappingProcess
from tests.integration.nats.accounts import running_guarded
from tests.integration.nats.source import ReadStream, source
from tests.servers import NatsServer, running_nats, wait_until

USERS = """
authorization { users: [
  {user: reader, password: secret}
  {user: stranger, password: secret, permissions: {publish: nothing}}
] }
"""


class GuardedServer(NatsServer):
    """A server that `reader` may use, and `stranger` may only connect to."""

    def start(self) -> None:
        self.server.prepare()
        file = self.server.folder / "server.conf"
        file.write_text(file.read_text() + USERS)
        self._process = subprocess.Popen(self.server.command, stderr=subprocess.DEVNULL)
        wait_until(lambda: jetstream.answers(self.url), "NATS to answer")

    @property
    def url(self) -> str:
        return self.url_of("reader:secret")

    def url_of(self, who: str) -> str:
        return f"nats://{who}@127.0.0.1:{self.server.port}"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    server = GuardedServer(tmp_path_factory.mktemp("nats"))
    yield server
    server.stop(signal.SIGKILL)


def as_user(stream: ReadStream, url: str) -> Mapping[str, object]:
    return {"nats": {**stream.place, "url": url}}


def test_a_source_that_is_known_reads_and_keeps_its_password_to_itself(
    guarded: GuardedServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream = ReadStream(guarded)
    stream.produce(1)

    with source(tmp_path, stream, endpoint.url) as mapping:
        stream.wait_until_acknowledged(1)
        told = f"{mapping.output()} {mapping.status()}"

    assert endpoint.invocations[0].event["bootstrapServers"] == f"127.0.0.1:{guarded.server.port}"
    assert "secret" not in told


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("reader:wrong", "EVENT_SOURCE_AUTHN_ERROR"),
        ("stranger:secret", "EVENT_SOURCE_AUTHZ_ERROR"),
    ],
)
def test_a_source_that_is_not_let_in_is_disabled_and_the_process_goes_on(
    guarded: GuardedServer, endpoint: LambdaEndpoint, tmp_path: Path, who: str, reason: str
) -> None:
    stream = ReadStream(guarded)
    settings = as_user(stream, guarded.url_of(who))

    with source(tmp_path, stream, endpoint.url, settings) as mapping:
        status = mapping.status()
        ended, seconds = mapping.terminate()

    assert (status["state"], status["reason"]) == ("Disabled", reason)
    assert "ERROR" in mapping.output()
    assert "wrong" not in mapping.output()
    assert (ended, seconds < 5) == (0, True)


def test_a_source_stops_in_time_while_its_server_is_away(
    endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    with running_nats() as server:
        stream = ReadStream(server)
        with source(tmp_path, stream, endpoint.url) as mapping:
            server.stop(signal.SIGKILL)
            wait_until(lambda: "gave up partitions" in mapping.output(), "it to be missed")
            status, seconds = mapping.terminate()

    assert (status, seconds < 5) == (0, True)


def test_a_source_stops_in_time_while_its_server_does_not_answer(
    endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    with running_nats() as server:
        stream = ReadStream(server)
        stream.produce(100)
        with source(tmp_path, stream, endpoint.url) as mapping:
            stream.wait_until_acknowledged(100)
            server.send_signal(signal.SIGSTOP)
            status, seconds = mapping.terminate()

    assert (status, seconds < 5) == (0, True)


def test_a_server_that_is_away_is_told_of_once(endpoint: LambdaEndpoint, tmp_path: Path) -> None:
    with running_nats() as server:
        stream = ReadStream(server)
        with source(tmp_path, stream, endpoint.url) as mapping:
            server.stop(signal.SIGKILL)
            errors = "PollingErrorCount"
            wait_until(lambda: mapping.status()["metrics"][errors] > 3, "it to be missed")
            said = [line for line in mapping.output().splitlines() if line.startswith("WARNING")]

    assert len(said) == len(set(said)) <= 2


def test_a_kafka_topic_is_no_destination_of_a_stream(
    nats_server: NatsServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream = ReadStream(nats_server)
    destination = {"OnFailure": {"Destination": "kafka://failures"}}

    with pytest.raises(AssertionError, match="kafka://failures is a topic of the source"):
        source(tmp_path, stream, endpoint.url, DestinationConfig=destination)


def test_a_source_with_the_credentials_of_a_user_reads(
    endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    with running_guarded(tmp_path) as server:
        credentials = str(server.credentials)
        jetstream.ensure_stream(server.url, "orders", credentials)
        jetstream.asked(
            server.url, credentials, lambda nats: nats.jetstream().publish("orders.k", b"1")
        )
        read = Read("orders", "group", "unused:9092")
        nats = {"url": server.url, "stream": "orders", "credentials": credentials}

        with MappingProcess(tmp_path / "source", read, endpoint.url, settings={"nats": nats}):
            wait_until(lambda: endpoint.invocations, "an invocation")


@dataclass
class Read:
    """What a mapping reads."""

    name: str
    group: str
    servers: str


def test_a_credentials_file_that_is_not_there_is_told(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    settings = {"nats": {**stream.place, "credentials": str(tmp_path / "user.creds")}}

    with pytest.raises(AssertionError, match=r"user\.creds is no file of a NATS user"):
        source(tmp_path, stream, endpoint.url, settings)
