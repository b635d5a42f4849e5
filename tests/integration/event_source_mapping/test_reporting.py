"""What a running mapping tells of itself, held against what was seen from outside."""

from pathlib import Path
from typing import Any

from tests.integration.event_source_mapping.endpoint import (
    FUNCTION_ERROR,
    LambdaEndpoint,
    Place,
    Reply,
)
from tests.integration.event_source_mapping.mapping_process import MappingProcess, Topic
from tests.servers import KafkaServer, wait_until


def committed_count(mapping: MappingProcess) -> int:
    status = mapping.status()
    return int(status["metrics"]["CommittedEventCount"]) if status else 0


def test_metrics_add_up_over_a_run_with_failures(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=2)
    endpoint.answer = lambda invocation: (
        FUNCTION_ERROR
        if Place(0, 0) in invocation.places and endpoint.places().count(Place(0, 0)) < 3
        else Reply()
    )
    topic.produce(100)

    with MappingProcess(tmp_path, topic, endpoint.url, BatchSize=10) as mapping:
        topic.wait_until_committed(100)
        wait_until(lambda: committed_count(mapping) == 100, "the count of commits")
        metrics = mapping.status()["metrics"]

    sent = endpoint.places()
    failed = metrics["FailedInvokeEventCount"]
    assert metrics["PolledEventCount"] == 100
    assert metrics["InvokedEventCount"] == len(sent)
    assert 0 < failed == len(sent) - 100
    assert metrics["InvokeErrorCount"] == failed // 10
    assert metrics["DroppedEventCount"] == 0
    assert metrics["ProvisionedPollers"] == 1


def test_lag_is_seen_while_the_function_fails_and_falls_to_nothing_when_it_does_not(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=2)
    topic.produce(30)
    replies = {"now": FUNCTION_ERROR}
    endpoint.answer = lambda _: replies["now"]

    def lag() -> dict[str, Any]:
        return dict(mapping.status().get("lag", {}))

    with MappingProcess(tmp_path, topic, endpoint.url) as mapping:
        wait_until(lambda: "PROBLEM" in str(mapping.status()), "a problem")
        wait_until(lambda: lag().get("SumOffsetLag") == 30, "lag")
        behind, problem = lag(), mapping.status()["lastProcessingResult"]
        replies["now"] = Reply()
        wait_until(lambda: lag()["SumOffsetLag"] == 0, "no lag")
        level, result = lag(), mapping.status()["lastProcessingResult"]

    assert (behind["MaxOffsetLag"], behind["OffsetLag"]) == (15, 30)
    assert "ValueError" in problem
    assert (level["MaxOffsetLag"], level["OffsetLag"]) == (0, 0)
    assert level["partitions"][f"{topic.name}-1"] == {
        "endOffset": 15,
        "consumedOffset": 14,
        "processedOffset": 14,
        "committedOffset": 15,
        "lag": 0,
    }
    assert result == "OK"


def test_a_group_that_begins_at_the_end_has_no_lag_of_what_came_before(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=1)
    topic.produce(30)

    with MappingProcess(tmp_path, topic, endpoint.url, StartingPosition="LATEST") as mapping:
        wait_until(lambda: mapping.status()["lag"]["partitions"], "the offsets")
        status = mapping.status()

    assert status["lag"]["SumOffsetLag"] == 0
    assert status["lastProcessingResult"] == "No records processed"


def test_a_mapping_that_is_not_enabled_is_shown_and_reads_nothing(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=1)
    topic.produce(3)

    with MappingProcess(
        tmp_path, topic, endpoint.url, also={"IdleMapping": {"Enabled": False}}
    ) as mapping:
        topic.wait_until_committed(3)
        idle, working = mapping.status("IdleMapping"), mapping.status()

    assert (idle["state"], idle["reason"], idle["pollers"]) == ("Disabled", "USER_INITIATED", 0)
    assert (working["state"], working["reason"]) == ("Enabled", "USER_INITIATED")


def test_only_the_mappings_of_named_functions_run(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=1)
    topic.produce(3)

    with MappingProcess(
        tmp_path,
        topic,
        endpoint.url,
        settings={"functions": ["OtherFunction"]},
        also={"OtherMapping": {"FunctionName": "OtherFunction"}},
    ):
        topic.wait_until_committed(3)

    assert {invocation.path.split("/")[-2] for invocation in endpoint.invocations} == {
        "OtherFunction"
    }


def test_the_poller_tells_what_it_reads(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=2)

    with MappingProcess(
        tmp_path, topic, endpoint.url, LoggingConfig={"SystemLogLevel": "INFO"}
    ) as mapping:
        built, *_, last = mapping.log_events("POLLER_STATUS_EVENT")
        uuid = mapping.status()["uuid"]

    assert built["kafkaEventSourceConnection"]["assignedPartitionCount"] == 0
    assert last["kafkaEventSourceConnection"]["assignedPartitions"] == [
        f"{topic.name}-0",
        f"{topic.name}-1",
    ]
    assert last["eventProcessorId"] == f"{uuid}/0"
    assert last["kafkaEventSourceConnection"]["consumerId"].startswith(f"{uuid}-")
