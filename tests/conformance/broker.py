"""A real broker, a real Lambda endpoint, and mappings between them on threads of the test's own.

A mapping of a thread starts in a tenth of the time that a process takes, and is the same code.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any, cast

from devstack.event_source_mapping.process import run
from devstack.event_source_mapping.settings import read_settings
from tests.conformance.topic import Topic
from tests.integration.event_source_mapping.endpoint import (
    FUNCTION_ERROR,
    Invocation,
    LambdaEndpoint,
    Reply,
)
from tests.integration.event_source_mapping.mapping_process import TEMPLATE
from tests.servers import KafkaServer, wait_until

NAME = "OrdersTopicMapping"
QUICK = {"first_retry_seconds": 0.01, "longest_retry_seconds": 0.05}
"""Choices that wait for nothing: AWS documents no delays."""


class RunningMapping:
    """What can be seen of a mapping from outside, beside its invocations."""

    def __init__(self, status_file: Path) -> None:
        self._status_file = status_file

    def status(self) -> dict[str, Any]:
        """Return what the mapping tells of itself, as `python -m devstack status` reads it."""
        if not self._status_file.exists():
            return {}
        status: dict[str, Any] = json.loads(self._status_file.read_text())["mappings"][NAME]
        return status

    def metrics(self) -> Counter[str]:
        """Return what is counted; what is not, is zero."""
        return Counter(self.status().get("metrics", {}))

    def lag(self, name: str) -> int | None:
        """Return a metric of the lag; None while it is not known."""
        return cast("int | None", self.status().get("lag", {}).get(name))

    def wait_for(self, **metrics: int) -> Counter[str]:
        """Wait until metrics have such values; return all of them."""
        seen = Counter[str]()

        def have_them() -> bool:
            seen.update(self.metrics() - seen)
            return all(seen[name] == number for name, number in metrics.items())

        wait_until(have_them, str(metrics), 10)
        return seen


class Broker:
    """A world with a broker and a function in it."""

    def __init__(
        self,
        kafka: KafkaServer,
        endpoint: LambdaEndpoint,
        folder: Path,
        aws_url: Callable[[], str],
    ) -> None:
        self.kafka = kafka
        self.endpoint = endpoint
        self._aws_url = aws_url
        self._folders = map(folder.joinpath, map(str, count()))

    def topic(self, partitions: int = 1) -> Topic:
        return Topic(self.kafka, partitions)

    def topic_of(self, kafka: KafkaServer) -> Topic:
        """Return a topic of another broker."""
        return Topic(kafka, 1)

    @contextmanager
    def mapping(
        self,
        topic: Topic,
        *,
        choices: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
        **properties: object,
    ) -> Iterator[RunningMapping]:
        """Run a mapping of `properties` (CloudFormation's) for the length of a `with` block."""
        folder = next(self._folders)
        folder.mkdir()
        chosen = {"choices": {**QUICK, **(choices or {})}, **(settings or {})}
        config = {**self._settings(folder, topic, properties), **chosen}
        stopping = Event()
        faults: list[BaseException] = []
        thread = Thread(target=_run, args=(config, stopping, faults), daemon=True)
        thread.start()
        try:
            ready_file = Path(str(config["ready_file"]))
            wait_until(lambda: faults or ready_file.exists(), "the mapping to be ready", 20)
            if not faults:
                yield RunningMapping(folder / "status.json")
        finally:
            stopping.set()
            thread.join(20)
        if faults:
            raise faults[0]

    def ingest(
        self,
        topic: Topic,
        *,
        choices: Mapping[str, object] | None = None,
        **properties: Any,  # noqa: ANN401 - any property
    ) -> list[Invocation]:
        """Run a mapping until everything produced is committed; return the invocations."""
        with self.mapping(topic, choices=choices, **properties):
            topic.wait_until_committed(topic.produced)
        return self.endpoint.invocations

    def sent(self) -> list[list[int]]:
        """Name the offsets of every invocation, for topics of one partition."""
        return [[place.offset for place in i.places] for i in list(self.endpoint.invocations)]

    def fail_on(
        self, *offsets: int, times: float = float("inf"), reply: Reply = FUNCTION_ERROR
    ) -> None:
        """Have the function fail whenever one of `offsets` is sent, at most `times` times."""
        failures = count()

        def answer(invocation: Invocation) -> Reply:
            if {place.offset for place in invocation.places}.isdisjoint(offsets):
                return Reply()
            return reply if next(failures) < times else Reply()

        self.endpoint.answer = answer

    def answer_first(self, *replies: Reply) -> None:
        """Have the function answer so, one after the other, and accept everything thereafter."""
        rest = iter(replies)
        self.endpoint.answer = lambda _: next(rest, Reply())

    def _settings(
        self, folder: Path, topic: Topic, properties: Mapping[str, object]
    ) -> dict[str, object]:
        template = folder / "template.yaml"
        template.write_text(json.dumps(_template(topic, properties)))
        return {
            "template": str(template),
            "parameters": {},
            "endpoint_url": self.endpoint.url,
            "bootstrap_servers": topic.servers,
            "ready_file": str(folder / "ready"),
            "status_file": str(folder / "status.json"),
            "aws_endpoint_url": self._aws_url() if _needs_aws(properties) else None,
        }


def partial(*identifiers: object) -> Reply:
    """Return the response that lists items as failed."""
    return Reply(json.dumps({"batchItemFailures": identifiers}).encode())


def _needs_aws(properties: Mapping[str, object]) -> bool:
    return "arn:" in str(properties.get("DestinationConfig"))


def _template(topic: Topic, properties: Mapping[str, object]) -> Mapping[str, Any]:
    mapping = {
        **TEMPLATE,
        "Topics": [topic.name],
        "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": topic.group},
        **properties,
    }
    given = {name: value for name, value in mapping.items() if value is not None}
    kind = "AWS::Lambda::EventSourceMapping"
    return {"Resources": {NAME: {"Type": kind, "Properties": given}}}


def _run(settings: Mapping[str, Any], stopping: Event, faults: list[BaseException]) -> None:
    try:
        run(read_settings(settings), stopping)
    except BaseException as fault:  # noqa: BLE001 - raised again in the test's thread
        faults.append(fault)
