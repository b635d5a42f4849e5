"""Real servers for tests: started once a session in a temporary folder, stopped at its end."""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from devstack import jetstream, kafka, postgres, valkey
from devstack.ports import free_port
from devstack.waiting import until

ROOT = Path(__file__).parent.parent
TOOLS = ROOT / ".tools"
_PATIENCE_SECONDS = 60


def wait_until(
    condition: Callable[[], object], what: str, seconds: float = _PATIENCE_SECONDS
) -> None:
    """Wait for a condition, at most `seconds`; fail with a sentence that says for what."""
    assert until(condition, seconds), f"waited {seconds} s for {what}"


class _ServerProcess:
    """The process of a server, which tests may stop, kill, pause and start again."""

    gentle = signal.SIGTERM
    """How it is stopped unless it is said."""
    _process: subprocess.Popen[bytes] | None = None

    def stop(self, how: signal.Signals | None = None) -> None:
        """Stop it and wait for its end; what it has written stays."""
        if self._process:
            self._process.send_signal(how or self.gentle)
            self._process.wait(timeout=_PATIENCE_SECONDS)
            self._process = None

    def send_signal(self, number: signal.Signals) -> None:
        """Pause it, or let it go on."""
        if self._process:
            self._process.send_signal(number)


class PostgresServer(_ServerProcess):
    """A PostgreSQL server of the tests' own, which they may stop, kill and start again."""

    gentle = signal.SIGQUIT  # immediate mode; SIGINT is fast mode
    host = "127.0.0.1"
    user = "postgres"
    password = "postgres"

    def __init__(self, folder: Path) -> None:
        self.server = postgres.Server(folder, free_port())
        self.server.prepare()
        self._names = map("test_{}".format, itertools.count())
        self.start()
        self.dbname = self.create_database()

    @property
    def port(self) -> int:
        return self.server.port

    def start(self) -> None:
        self._process = subprocess.Popen(
            self.server.command, user=self.server.user, stderr=subprocess.DEVNULL
        )
        wait_until(self.server.answers, "PostgreSQL to answer")

    def create_database(self) -> str:
        name = next(self._names)
        self.server.ensure_database(name, self.user, self.password)
        return name

    def settings(self, dbname: str) -> dict[str, str]:
        return {
            "DB_HOST": self.host,
            "DB_PORT": str(self.port),
            "DB_USER": self.user,
            "DB_PASSWORD": self.password,
            "DB_NAME": dbname,
        }


class KafkaServer(_ServerProcess):
    """A Kafka broker of the tests' own; `settings` are further ones of its configuration."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self._log = folder / "broker.log"
        jars = kafka.jars(TOOLS, print)
        own = {"log.cleaner.backoff.ms": "200", **(settings or {})}  # compaction is waited for
        self.broker = kafka.Broker(jars, folder, port or free_port(), free_port(), own)
        self.broker.prepare()
        self.start()

    @property
    def bootstrap_servers(self) -> str:
        return self.broker.bootstrap_servers

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.broker.command, stdout=log, stderr=log, cwd=self.broker.folder
            )
        wait_until(lambda: kafka.answers(self.bootstrap_servers), "Kafka to answer")

    def messages(self, topic: str, partitions: int) -> Iterator[Message]:
        """Read a topic from its beginning to its end."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "group.id": "reader",
                "enable.partition.eof": True,
            }
        )
        with closing(consumer):
            consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
            ended = 0
            while ended < partitions:
                message = consumer.poll(10)
                assert message is not None, "the topic did not answer in 10 s"
                if message.error():
                    ended += 1
                else:
                    yield message


class CacheServer(_ServerProcess):
    """A Valkey of the tests' own, or another program that takes its options, with more of them."""

    gentle = signal.SIGKILL  # it forgets everything anyway

    def __init__(
        self, folder: Path, program: str | None = None, options: Sequence[str] = ()
    ) -> None:
        self.server = valkey.Server(folder, free_port())
        self.server.prepare()
        own, *usual = self.server.command
        self._command = (program or own, *usual, *options)
        self.start()

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def url(self) -> str:
        return self.server.url

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self.server.answers, "the cache's server to answer")


class NatsServer(_ServerProcess):
    """A NATS server with JetStream of the tests' own."""

    def __init__(self, folder: Path) -> None:
        self.server = jetstream.Server(folder, free_port())
        self.start()

    @property
    def url(self) -> str:
        return self.server.url

    def start(self) -> None:
        self.server.prepare()
        with (self.server.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self.server.command, stdout=log, stderr=log)
        wait_until(self.server.answers, "NATS to answer")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder that a server under another user can reach (pytest's are private)."""
    folder = Path(tempfile.mkdtemp(prefix="serverless-orders-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a PostgreSQL server for the length of a `with` block."""
    with temporary_folder() as folder:
        server = PostgresServer(folder / "postgres")
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def running_kafka(
    settings: Mapping[str, str] | None = None, port: int | None = None
) -> Iterator[KafkaServer]:
    """Run a Kafka broker for the length of a `with` block."""
    with temporary_folder() as folder:
        server = KafkaServer(folder, settings, port)
        try:
            yield server
        finally:
            server.stop(signal.SIGKILL)


@contextmanager
def running_cache(program: str | None = None, options: Sequence[str] = ()) -> Iterator[CacheServer]:
    """Run Valkey, or `redis-server`, for the length of a `with` block."""
    with temporary_folder() as folder:
        server = CacheServer(folder / "cache", program, options)
        try:
            yield server
        finally:
            server.stop()


def redis_program() -> str:
    """Return Redis as the distribution has it; skip the test where it is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        reason = "redis-server is not installed"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    return program


@contextmanager
def running_nats() -> Iterator[NatsServer]:
    """Run a NATS server for the length of a `with` block."""
    with temporary_folder() as folder:
        server = NatsServer(folder / "nats")
        try:
            yield server
        finally:
            server.stop(signal.SIGKILL)
