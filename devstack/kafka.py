"""Apache Kafka on this machine: a folder in, the command of a one-node KRaft broker out."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from devstack import certificates, java
from devstack.errors import UserError

VERSION = "4.3.1"
LOCK = Path(__file__).parent.parent / "requirements" / "kafka.txt"
"""Of the broker and a logger: SHA-256 and Maven coordinates of every jar."""

_DOWNLOADS_AT_ONCE = 6
_REPORT_EVERY = 8
_PATIENCE_SECONDS = 5
DEFAULT_PARTITIONS = 3
CLUSTER_ID = "c2VydmVybGVzcy1vcmRlcg"  # any 16 bytes in base64; one node needs no secret

_JVM = ("-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    # The controller warns whenever it takes office, which is at every start of a lone node.
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.controller.QuorumController=error",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
)


def jars(tools: Path, report: Callable[[str], None]) -> Path:
    """Return the folder of Kafka's jars, downloading them into `tools` the first time.

    Every jar is held against requirements/kafka.txt. Raises `UserError` on a broken download.
    """
    folder = tools / f"kafka-{VERSION}"
    if folder.exists():
        return folder
    report(f"downloading Apache Kafka {VERSION} (46 MB)")
    unfinished = tools / f"kafka-{VERSION}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)  # of an interrupted download
    (unfinished / "jars").mkdir(parents=True)
    try:
        for jar in _download(unfinished / "repository", report):
            jar.rename(unfinished / "jars" / jar.name)
        (unfinished / "jars").rename(folder)
    except UserError:
        raise
    except Exception as error:  # the downloader raises a kind for each way to fail
        message = (
            f"Apache Kafka could not be downloaded ({_first_line(error)});"
            " check the network or the proxy settings and start again"
        )
        raise UserError(message) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _download(repository: Path, report: Callable[[str], None]) -> Iterator[Path]:
    lock = [line.split() for line in LOCK.read_text().splitlines()]
    fetch = _fetcher(repository)
    with ThreadPoolExecutor(max_workers=_DOWNLOADS_AT_ONCE) as workers:
        fetched = workers.map(fetch, (coordinates for _, coordinates in lock))
        for number, ((checksum, coordinates), jar) in enumerate(zip(lock, fetched, strict=True), 1):
            if hashlib.sha256(jar.read_bytes()).hexdigest() != checksum:
                message = f"the download of {coordinates} is broken; it was removed, start again"
                raise UserError(message)
            if number % _REPORT_EVERY == 0:
                report(f"  {number} of {len(lock)} parts")
            yield jar


def _fetcher(repository: Path) -> Callable[[str], Path]:
    os.environ.update(certificates.trusted())
    from jgo.maven import MavenContext  # noqa: PLC0415 - needed once, and slow to import

    maven = MavenContext(repo_cache=repository)

    def fetch(coordinates: str) -> Path:
        group, artefact, version = coordinates.split(":")
        return Path(maven.project(group, artefact).at_version(version).artifact().resolve())

    return fetch


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


@dataclass(frozen=True)
class Broker:
    """One KRaft node that is broker and controller, listening on 127.0.0.1 only."""

    jars: Path
    folder: Path
    port: int
    controller_port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further ones of the broker, which win over what is set here."""

    @property
    def bootstrap_servers(self) -> str:
        """Return host:port for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def command(self) -> tuple[str, ...]:
        """Return the command that runs the broker in the foreground."""
        return (*self._java(), "kafka.Kafka", str(self._properties))

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _java(self) -> tuple[str, ...]:
        return (str(java.find()), *_JVM, *_LOGGING, "-cp", str(self.jars / "*"))

    def prepare(self) -> None:
        """Write the configuration; format the folder the first time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(self._configuration())
        if (self.folder / "data" / "meta.properties").exists():
            return
        format_command = (
            *(*self._java(), "kafka.tools.StorageTool", "format"),
            *("--cluster-id", CLUSTER_ID, "--config", str(self._properties), "--ignore-formatted"),
        )
        done = subprocess.run(format_command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr or done.stdout).strip().splitlines()
            message = (
                f"Kafka cannot use {self.folder}: {reason[-1] if reason else 'no reason told'}"
            )
            raise UserError(message)

    def _configuration(self) -> str:
        settings: dict[str, object] = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},"
            f"CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self.folder / "data",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 5,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 5,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            # After kill -9 a broker must wait until its former self is fenced. A lone node that was
            # paused for longer is fenced and comes back with its next heartbeat.
            "broker.session.timeout.ms": 1500,
            "broker.heartbeat.interval.ms": 300,
            # A lone consumer need not wait for others; a restarted one gets its partitions at once.
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "group.consumer.min.session.timeout.ms": 1000,
            "group.consumer.min.heartbeat.interval.ms": 200,
        }
        lines = (f"{name}={value}\n" for name, value in {**settings, **self.settings}.items())
        return "".join(lines)


def answers(bootstrap_servers: str) -> bool:
    """Tell whether a broker answers a metadata request within a second."""
    try:
        admin(bootstrap_servers).list_topics(timeout=1)
    except KafkaException:
        return False
    return True


def ensure_topic(bootstrap_servers: str, topic: str, partitions: int = DEFAULT_PARTITIONS) -> None:
    """Create the topic unless it is there; raises `UserError` when the broker refuses."""
    client = admin(bootstrap_servers)
    try:
        if topic not in client.list_topics(timeout=_PATIENCE_SECONDS).topics:
            client.create_topics([NewTopic(topic, partitions)])[topic].result(timeout=10)
    except KafkaException as error:
        message = (
            f"Kafka at {bootstrap_servers} does not give topic {topic}: {error.args[0].str()};"
            " is it running (`make status`)?"
        )
        raise UserError(message) from error


def admin(bootstrap_servers: str) -> AdminClient:
    """Return an administration client that keeps its connection troubles to itself."""
    configuration: dict[str, Any] = {
        "bootstrap.servers": bootstrap_servers,
        "log_level": 0,
        "error_cb": lambda _: None,
    }
    return AdminClient(configuration)
