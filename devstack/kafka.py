"""Apache Kafka on this machine: a folder in, the command of a one-node KRaft broker out."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from devstack import java
from devstack.errors import UserError

VERSION = "4.3.1"
ARTEFACTS = f"org.apache.kafka:kafka_2.13:{VERSION}+org.slf4j:slf4j-simple:1.7.36"
CHECKSUMS = Path(__file__).parent.parent / "requirements" / "kafka.txt"
DOWNLOAD_MEGABYTES = 46
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
    report(f"downloading Apache Kafka {VERSION} ({DOWNLOAD_MEGABYTES} MB)")
    unfinished = tools / f"kafka-{VERSION}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    repository = tools / "maven"
    try:
        environment = _download(repository, tools / "jgo", report)
        unfinished.mkdir(parents=True)
        for jar in environment.rglob("*.jar"):
            shutil.copy(jar, unfinished / jar.name)
    except Exception as error:  # the resolver raises a kind for each way to fail
        message = (
            f"Apache Kafka could not be downloaded ({_first_line(error)});"
            " check the network or the proxy settings and start again"
        )
        raise UserError(message) from error
    _verify(unfinished, repository)
    unfinished.rename(folder)
    shutil.rmtree(repository, ignore_errors=True)
    shutil.rmtree(tools / "jgo", ignore_errors=True)
    return folder


def _download(repository: Path, cache: Path, report: Callable[[str], None]) -> Path:
    import jgo  # noqa: PLC0415 - needed once in a machine's life, and slow to import

    os.environ["M2_REPO"] = str(repository)
    outcome: list[Path | Exception] = []

    def build() -> None:
        try:
            outcome.append(Path(jgo.build(ARTEFACTS, cache_dir=cache).path))
        except Exception as error:  # noqa: BLE001 - handed to the caller's thread
            outcome.append(error)

    worker = Thread(target=build, daemon=True)
    worker.start()
    while worker.is_alive():
        worker.join(timeout=2)
        size = sum(file.stat().st_size for file in repository.rglob("*.jar"))
        report(f"  {size / 1e6:.0f} of {DOWNLOAD_MEGABYTES} MB")
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


def _verify(folder: Path, repository: Path) -> None:
    lines = map(str.split, CHECKSUMS.read_text().splitlines())
    expected = {name: checksum for checksum, name in lines}
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
    if wrong := sorted(name for name, _ in expected.items() ^ found.items()):
        shutil.rmtree(folder)
        shutil.rmtree(repository)
        message = f"Apache Kafka's download is broken ({wrong[0]}); it was removed, start again"
        raise UserError(message)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


@dataclass(frozen=True)
class Broker:
    """One KRaft node that is broker and controller, listening on 127.0.0.1 only."""

    jars: Path
    folder: Path
    port: int
    controller_port: int

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
        settings = {
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
            # A lone consumer need not wait for others; a restarted one gets its partitions at once.
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "group.consumer.min.session.timeout.ms": 1000,
            "group.consumer.min.heartbeat.interval.ms": 200,
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())


def answers(bootstrap_servers: str) -> bool:
    """Tell whether a broker answers a metadata request within a second."""
    try:
        admin(bootstrap_servers).list_topics(timeout=1)
    except KafkaException:
        return False
    return True


def ensure_topic(bootstrap_servers: str, topic: str, partitions: int) -> None:
    """Create the topic unless it is there; raises `UserError` when the broker refuses."""
    client = admin(bootstrap_servers)
    try:
        if topic not in client.list_topics(timeout=10).topics:
            client.create_topics([NewTopic(topic, partitions)])[topic].result(timeout=10)
    except KafkaException as error:
        message = f"topic {topic} cannot be made on {bootstrap_servers}: {error.args[0].str()}"
        raise UserError(message) from error


def admin(bootstrap_servers: str) -> AdminClient:
    """Return an administration client that keeps its connection troubles to itself."""
    configuration: dict[str, Any] = {
        "bootstrap.servers": bootstrap_servers,
        "log_level": 0,
        "error_cb": lambda _: None,
    }
    return AdminClient(configuration)
