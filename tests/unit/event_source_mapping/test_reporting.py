"""What a mapping tells of itself: log events, metrics, lag and state."""

import json
from typing import Any

import pytest

from devstack.event_source_mapping.clients.membership import Member
from devstack.event_source_mapping.polling.checkpoint import Progress
from devstack.event_source_mapping.polling.metrics import Metric
from devstack.event_source_mapping.reporting import lag
from devstack.event_source_mapping.reporting.lag import Offsets
from devstack.event_source_mapping.reporting.log_events import LogEvents
from devstack.event_source_mapping.reporting.reporter import MappingReporter
from tests.unit.event_source_mapping.fakes import configuration

UUID = "12345678-1234-1234-1234-123456789012"
MEMBER = Member(2, f"{UUID}-0a1b2c3d-2")


class Told:
    """A mapping of one log level, and the log events it has written."""

    def __init__(self, level: str | None, **changes: object) -> None:
        self.lines: list[str] = []
        self.log_events = LogEvents(
            configuration(uuid=UUID, log_level=level, **changes),
            {"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN"},
            write=self.lines.append,
            clock=lambda: 1735689600.25,
        )
        self.reporter = MappingReporter("Mapping", self.log_events)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def tell_everything(self) -> None:
        poller = self.reporter.for_poller(MEMBER)
        poller.warn("_TIMED_OUT", "too late")
        self.log_events.kafka_status({})


@pytest.mark.parametrize(
    ("level", "kinds"),
    [
        (None, []),
        ("WARN", ["ESM_PROCESSING_EVENT"]),
        ("INFO", ["POLLER_STATUS_EVENT", "ESM_PROCESSING_EVENT"]),
        ("DEBUG", ["POLLER_STATUS_EVENT", "ESM_PROCESSING_EVENT", "KAFKA_STATUS_EVENT"]),
    ],
)
def test_a_level_admits_itself_and_what_has_less_detail(
    level: str | None, kinds: list[str]
) -> None:
    told = Told(level)

    told.tell_everything()

    assert [event["eventType"] for event in told.events] == kinds


def test_every_log_event_has_the_documented_fields() -> None:
    told = Told("DEBUG", event_source_arn="arn:aws:kafka:eu-central-1:1:cluster/c/1")

    told.tell_everything()

    for event in told.events:
        assert event["timestamp"] == 1735689600250
        assert event["resourceArn"].endswith(f":event-source-mapping:{UUID}")
        assert event["eventSourceArn"] == "arn:aws:kafka:eu-central-1:1:cluster/c/1"
        assert event["eventProcessorId"].startswith(f"{UUID}/")


def test_a_fault_is_told_with_the_name_the_java_client_has_for_it() -> None:
    told = Told("WARN")

    told.tell_everything()

    assert told.events[0]["logLevel"] == "WARN"
    assert told.events[0]["eventProcessorId"] == f"{UUID}/2"
    assert told.events[0]["error"] == {"errorMessage": "too late", "errorCode": "TimeoutException"}


def test_a_change_of_assignment_is_told_with_the_connection() -> None:
    told = Told("INFO")
    told.reporter.partitions = 3

    told.reporter.for_poller(MEMBER).assigned(MEMBER.name, [2, 0])

    built, assigned = (event["kafkaEventSourceConnection"] for event in told.events)
    assert built["assignedPartitions"] == []
    assert assigned == {
        "brokerEndpoints": "127.0.0.1:9092",
        "consumerId": MEMBER.name,
        "topics": ["orders"],
        "consumerGroupId": "group",
        "securityProtocol": "SASL_PLAINTEXT",
        "saslMechanism": "PLAIN",
        "totalPartitionCount": 3,
        "assignedPartitionCount": 2,
        "partitionsAssignmentGeneration": built["partitionsAssignmentGeneration"] + 1,
        "assignedPartitions": ["orders-0", "orders-2"],
        "networkConfig": None,
    }


def test_offsets_are_told_as_the_last_one_read_and_the_next_one_committed() -> None:
    told = Told("DEBUG")
    offsets = {1: Offsets(end=5010, position=5004, committed=5004)}

    told.log_events.kafka_status(lag.partitions("orders", offsets, {1: Progress(5008, 5004, 5004)}))

    assert told.events[0]["kafkaPartitionOffsets"] == [
        {
            "partition": "orders-1",
            "endOffset": 5010,
            "consumedOffset": 5007,
            "processedOffset": 5003,
            "committedOffset": 5004,
        }
    ]


def test_lag_is_counted_from_the_commit_and_for_the_topic_from_what_was_processed() -> None:
    offsets = {
        0: Offsets(end=100, position=40, committed=40),
        1: Offsets(end=100, position=90, committed=90),
        2: Offsets(end=7, position=0, committed=None),
    }

    totals = lag.totals(offsets, {0: Progress(100, 55, 40)})

    assert totals == {"MaxOffsetLag": 60, "SumOffsetLag": 77, "OffsetLag": 62}


def test_progress_that_is_newer_than_the_end_is_no_negative_lag() -> None:
    offsets = {0: Offsets(end=10, position=12, committed=12)}

    totals = lag.totals(offsets, {0: Progress(13, 13, 12)})

    assert totals == {"MaxOffsetLag": 0, "SumOffsetLag": 0, "OffsetLag": 0}


def test_there_is_no_lag_where_there_is_no_topic() -> None:
    assert set(lag.totals({}, {}).values()) == {0}


def test_pollers_of_a_mapping_count_together() -> None:
    reporter = Told(None).reporter
    first, second = (reporter.for_poller(Member(n, f"member-{n}")) for n in range(2))

    first.count(Metric.POLLED, 3)
    second.count(Metric.POLLED)
    first.processed("OK")

    assert reporter.metrics.totals()["PolledEventCount"] == 4
    assert reporter.metrics.totals()["DroppedEventCount"] == 0
    assert reporter.state.last_processing_result == "OK"


def test_a_mapping_that_was_refused_stays_disabled() -> None:
    reporter = Told(None).reporter
    assert reporter.state.state == "Creating"

    reporter.stop("EVENT_SOURCE_AUTHN_ERROR", "wrong password")
    reporter.state.enable()

    assert (reporter.state.state, reporter.state.reason) == (
        "Disabled",
        "EVENT_SOURCE_AUTHN_ERROR",
    )
    assert reporter.state.last_processing_result == "PROBLEM: wrong password"
