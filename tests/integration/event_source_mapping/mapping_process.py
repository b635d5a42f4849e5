"""A mapping as a process of its own, as the supervisor starts it, and the topic it reads."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self
from uuid import uuid4

import psutil
from confluent_kafka import Consumer as GroupView
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic

from tests.servers import KafkaServer, wait_until

MAPPING = "OrdersTopicMapping"

TEMPLATE: Mapping[str, Any] = {
    "FunctionName": "IngestOrdersFunction",
    "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["unused:9092"]}},
    "StartingPosition": "TRIM_HORIZON",
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "ProvisionedPollerConfig": {"MinimumPollers": 1},
}


class Topic:
    """A topic of its own name, and what a group has committed of it."""

    def __init__(self, kafka: KafkaServer, partitions: int = 0) -> None:
        self.name = f"orders-{uuid4().hex[:8]}"
        self.group = f"group-{self.name}"
        self.servers = kafka.bootstrap_servers
        self.partitions = partitions
        self._producer = self._new_producer()
        if partitions:
            self.create(partitions)

    def create(self, partitions: int) -> None:
        self.partitions = partitions
        admin = AdminClient({"bootstrap.servers": self.servers})
        admin.create_topics([NewTopic(self.name, partitions, 1)])[self.name].result()

    def grow(self, partitions: int) -> None:
        """Add partitions; a new producer sees them at once."""
        self.partitions = partitions
        admin = AdminClient({"bootstrap.servers": self.servers})
        admin.create_partitions([NewPartitions(self.name, partitions)])[self.name].result()
        self._producer = self._new_producer()

    def _new_producer(self) -> Producer:
        # Idempotent, or a request that comes too early for a new topic is sent after later ones.
        settings = {"linger.ms": 0, "enable.idempotence": True}
        return Producer({"bootstrap.servers": self.servers, **settings})

    def produce(self, count: int, *, first: int = 0, size: int = 100) -> None:
        """Produce `count` records, round robin over the partitions, with their number as key."""
        for number in range(first, first + count):
            key, value = str(number).encode(), bytes(size)
            self._producer.produce(self.name, value, key, partition=number % self.partitions)
            if number % 10_000 == 0:
                self._producer.flush()
        assert self._producer.flush(30) == 0

    def committed(self) -> int:
        """Sum up the committed offsets."""
        view = GroupView({"bootstrap.servers": self.servers, "group.id": self.group})
        try:
            asked = [TopicPartition(self.name, p) for p in range(self.partitions)]
            return sum(max(0, found.offset) for found in view.committed(asked, timeout=10))
        finally:
            view.close()

    def wait_until_committed(self, count: int, seconds: float = 20) -> None:
        wait_until(lambda: self.committed() == count, f"{count} commits", seconds)


class Source(Protocol):
    """What a mapping reads."""

    name: str
    group: str
    servers: str


class MappingProcess:
    """`python -m devstack.event_source_mapping`; use it in a `with` block.

    `settings` are those of the process beside what it must have, such as choices; `also` names
    further mappings, by the properties in which they differ from the first one.
    """

    def __init__(
        self,
        folder: Path,
        topic: Source,
        endpoint_url: str,
        *,
        settings: Mapping[str, object] | None = None,
        also: Mapping[str, Mapping[str, object]] | None = None,
        **properties: object,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._config = folder / "mapping.json"
        self._ready = folder / "ready"
        self._status = folder / "status.json"
        self._output = folder / "output"
        mapping = {
            **TEMPLATE,
            "Topics": [topic.name],
            "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": topic.group},
            **properties,
        }
        template = folder / "template.yaml"
        changes: Mapping[str, Mapping[str, object]] = {MAPPING: {}, **(also or {})}
        resources = {
            name: {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {**mapping, **changed},
            }
            for name, changed in changes.items()
        }
        template.write_text(json.dumps({"Resources": resources}))
        self._config.write_text(
            json.dumps(
                {
                    "template": str(template),
                    "parameters": {},
                    "endpoint_url": endpoint_url,
                    "bootstrap_servers": topic.servers,
                    "ready_file": str(self._ready),
                    "status_file": str(self._status),
                    **(settings or {}),
                }
            )
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(10)

    @property
    def command(self) -> Sequence[str]:
        module = "devstack.event_source_mapping"
        return [sys.executable, "-m", module, "--config", str(self._config)]

    def start(self) -> None:
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(self.command, stdout=output, stderr=output)
        wait_until(self._is_ready, "the mapping to be ready", 30)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        self._ready.unlink(missing_ok=True)

    def terminate(self) -> tuple[int, float]:
        """Send SIGTERM; return exit status and seconds."""
        assert self._process is not None
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20), time.monotonic() - began

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def resident_bytes(self) -> int:
        assert self._process is not None
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def output(self) -> str:
        return self._output.read_text()

    def status(self, name: str = MAPPING) -> dict[str, Any]:
        """Return what the process last told of a mapping; nothing while it has not."""
        try:
            told = json.loads(self._status.read_text())
        except FileNotFoundError:
            return {}
        mapping: dict[str, Any] = told["mappings"][name]
        return mapping

    def log_events(self, kind: str) -> list[dict[str, Any]]:
        """Return the log events of a kind, in AWS's form, oldest first."""
        events = (json.loads(line) for line in self.output().splitlines() if line[:1] == "{")
        return [event for event in events if event["eventType"] == kind]

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self._process.returncode}: {self.output()}"
        return self._ready.exists()
