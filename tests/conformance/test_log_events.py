"""The log events of a mapping, by AWS's names and fields."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from devstack.errors import UserError
from devstack.event_source_mapping.polling.checkpoint import Progress
from devstack.event_source_mapping.reporting import lag
from devstack.event_source_mapping.reporting.log_events import LogEvents
from tests.conformance.broker import Broker
from tests.conformance.rules import rule
from tests.unit.event_source_mapping.fakes import configuration

LOGGING = "lambda/latest/dg/esm-logging.html"
Capture = pytest.CaptureFixture[str]


def told(capsys: Capture) -> list[dict[str, Any]]:
    lines = capsys.readouterr().out.splitlines()
    return [json.loads(line) for line in lines if line.startswith('{"eventType"')]


def events_of_a_run(
    broker: Broker, capsys: Capture, level: str | None, *, missing_topic: bool = False
) -> list[dict[str, Any]]:
    """Run a mapping for a while, and return what it told."""
    topic = broker.topic(partitions=2)
    topic.produce(2)
    changes: dict[str, Any] = {"LoggingConfig": {"SystemLogLevel": level}} if level else {}
    if not missing_topic:
        broker.ingest(topic, **changes)
        return told(capsys)
    with broker.mapping(topic, Topics=[f"not-{topic.name}"], **changes):
        pass
    return told(capsys)


@rule("An event says its type, time, mapping, cluster, poller and level.", LOGGING)
def test_every_event_says_whose_it_is(broker: Broker, capsys: Capture) -> None:
    first, *_ = events_of_a_run(broker, capsys, "INFO")

    assert {"eventType", "resourceArn", "eventSourceArn", "logLevel"} < first.keys()
    assert abs(first["timestamp"] - time.time() * 1000) < 60_000
    uuid = first["resourceArn"].rpartition(":")[2]
    assert first["eventProcessorId"] == f"{uuid}/0"


@rule("POLLER_STATUS_EVENT, of level INFO, tells of a consumer and its partitions.", LOGGING)
def test_the_status_of_a_poller_is_told(broker: Broker, capsys: Capture) -> None:
    *_, last = (
        event
        for event in events_of_a_run(broker, capsys, "INFO")
        if event["kafkaEventSourceConnection"]["assignedPartitions"]
    )

    connection = last["kafkaEventSourceConnection"]
    assert (last["eventType"], last["logLevel"]) == ("POLLER_STATUS_EVENT", "INFO")
    assert connection.keys() == {
        *("brokerEndpoints", "consumerId", "topics", "consumerGroupId", "securityProtocol"),
        *("saslMechanism", "totalPartitionCount", "assignedPartitionCount"),
        *("partitionsAssignmentGeneration", "assignedPartitions", "networkConfig"),
    }
    (topic,) = connection["topics"]
    assert connection["assignedPartitions"] == [f"{topic}-0", f"{topic}-1"]
    assert connection["assignedPartitionCount"] == 2


@rule(
    "POLLER_STATUS_EVENT is told when a consumer is made and when its partitions change.", LOGGING
)
def test_a_new_consumer_and_every_change_are_told(broker: Broker, capsys: Capture) -> None:
    connections = [
        event["kafkaEventSourceConnection"] for event in events_of_a_run(broker, capsys, "INFO")
    ]

    assert [c["assignedPartitionCount"] for c in connections[:2]] == [0, 2]
    generations = [c["partitionsAssignmentGeneration"] for c in connections]
    assert generations == sorted(set(generations))


@rule("A consumer is named by the mapping's UUID and a number.", LOGGING)
def test_a_consumer_has_the_mappings_uuid(broker: Broker, capsys: Capture) -> None:
    first, *_ = events_of_a_run(broker, capsys, "INFO")

    uuid = first["resourceArn"].rpartition(":")[2]
    consumer = first["kafkaEventSourceConnection"]["consumerId"]
    assert consumer.startswith(f"{uuid}-")
    assert consumer.rpartition("-")[2].isdecimal()


@rule("ESM_PROCESSING_EVENT, of level WARN, tells an error and its code.", LOGGING)
def test_an_error_is_told(broker: Broker, capsys: Capture) -> None:
    first, *_ = events_of_a_run(broker, capsys, "WARN", missing_topic=True)

    assert (first["eventType"], first["logLevel"]) == ("ESM_PROCESSING_EVENT", "WARN")
    assert first["error"].keys() == {"errorMessage", "errorCode"}
    assert first["error"]["errorCode"] == "UnknownTopicOrPartitionException"


@rule("KAFKA_STATUS_EVENT, of level DEBUG, tells the offsets of every partition.", LOGGING)
def test_the_offsets_are_told(log_events: Callable[[str], list[dict[str, Any]]]) -> None:
    (event,) = log_events("DEBUG")

    assert (event["eventType"], event["logLevel"]) == ("KAFKA_STATUS_EVENT", "DEBUG")
    assert event["kafkaPartitionOffsets"] == [
        {
            "partition": "orders-1",
            "endOffset": 5010,
            "consumedOffset": 5008,
            "processedOffset": 5003,
            "committedOffset": 5004,
        }
    ]


@rule("An event below the mapping's level is not told.", LOGGING)
def test_what_is_below_the_level_is_not_told(
    broker: Broker, capsys: Capture, log_events: Callable[[str], list[dict[str, Any]]]
) -> None:
    assert events_of_a_run(broker, capsys, "WARN") == []
    assert log_events("INFO") == []


@rule("Without LoggingConfig no event is told.", LOGGING)
def test_nothing_is_told_unless_asked_for(broker: Broker, capsys: Capture) -> None:
    assert events_of_a_run(broker, capsys, None, missing_topic=True) == []


@rule("SystemLogLevel is DEBUG, INFO or WARN.", LOGGING)
def test_there_are_three_levels(parsed: Callable[..., object]) -> None:
    for level in ("DEBUG", "INFO", "WARN"):
        assert parsed(LoggingConfig={"SystemLogLevel": level})

    with pytest.raises(UserError, match="SystemLogLevel"):
        parsed(LoggingConfig={"SystemLogLevel": "TRACE"})


@rule("LoggingConfig needs provisioned pollers.", LOGGING)
def test_log_events_need_provisioned_pollers(parsed: Callable[..., object]) -> None:
    with pytest.raises(UserError, match="LoggingConfig"):
        parsed(
            ProvisionedPollerConfig=None,
            FunctionResponseTypes=None,
            LoggingConfig={"SystemLogLevel": "INFO"},
        )


@pytest.fixture
def log_events() -> Callable[[str], list[dict[str, Any]]]:
    """Give what a mapping of a level tells of AWS's own example: otherwise once a minute."""

    def told(level: str) -> list[dict[str, Any]]:
        lines: list[str] = []
        events = LogEvents(configuration(log_level=level), {}, lines.append)
        offsets = {1: lag.Offsets(end=5010, position=5004, committed=5004)}
        progress = {1: Progress(consumed=5009, processed=5004, committed=5004)}
        events.kafka_status(lag.partitions("orders", offsets, progress))
        return [json.loads(line) for line in lines]

    return told
