"""How many event pollers a mapping has, seen as members of its consumer group."""

import time
from collections import Counter
from pathlib import Path

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from tests.integration.event_source_mapping.endpoint import Invocation, LambdaEndpoint, Reply
from tests.integration.event_source_mapping.mapping_process import MappingProcess, Topic
from tests.servers import KafkaServer, wait_until

QUICK = {"choices": {"scale_seconds": 0.5}}


def shares(topic: Topic) -> list[int]:
    """Count the partitions of every member of the group."""
    admin = AdminClient({"bootstrap.servers": topic.servers})
    group = admin.describe_consumer_groups([topic.group])[topic.group].result()
    return sorted(len(member.assignment.topic_partitions) for member in group.members)


def pollers(mapping: MappingProcess) -> int:
    return int(mapping.status().get("pollers", 0))


def counted(mapping: MappingProcess, metric: str) -> int:
    return int(mapping.status()["metrics"][metric])


def provisioned(minimum: int, maximum: int) -> dict[str, int]:
    return {"MinimumPollers": minimum, "MaximumPollers": maximum}


def slow(_: Invocation) -> Reply:
    time.sleep(0.05)  # the function's own time
    return Reply()


def test_the_minimum_of_pollers_share_the_partitions(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=3)

    with MappingProcess(
        tmp_path, topic, endpoint.url, ProvisionedPollerConfig=provisioned(2, 2)
    ) as mapping:
        wait_until(lambda: shares(topic) == [1, 2], "both pollers to have their share")
        topic.produce(90)
        topic.wait_until_committed(90)
        wait_until(lambda: counted(mapping, "CommittedEventCount") == 90, "the count of commits")
        told = counted(mapping, "ProvisionedPollers")

    assert told == 2
    assert set(Counter(endpoint.places()).values()) == {1}


def test_there_are_never_more_pollers_than_partitions(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=3)

    with MappingProcess(
        tmp_path, topic, endpoint.url, ProvisionedPollerConfig=provisioned(5, 5)
    ) as mapping:
        wait_until(lambda: shares(topic) == [1, 1, 1], "a poller for each partition")
        assert pollers(mapping) == 3

        admin = AdminClient({"bootstrap.servers": topic.servers})
        admin.create_partitions([NewPartitions(topic.name, 4)])[topic.name].result()

        wait_until(lambda: shares(topic) == [1, 1, 1, 1], "a poller for the new partition")


def test_pollers_grow_with_lag_that_they_cannot_keep_up_with_and_go_when_it_is_gone(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=3)
    topic.produce(600)
    endpoint.answer = slow
    seen = []

    with MappingProcess(
        tmp_path,
        topic,
        endpoint.url,
        settings=QUICK,
        BatchSize=2,
        ProvisionedPollerConfig=provisioned(1, 5),
    ) as mapping:
        seen.append(pollers(mapping))
        wait_until(lambda: pollers(mapping) == 3, "a poller for each partition", 20)
        topic.wait_until_committed(600)
        wait_until(lambda: pollers(mapping) == 1, "the minimum of pollers", 20)
        wait_until(lambda: shares(topic) == [3], "one member to be left")
        topic.produce(30, first=600)
        topic.wait_until_committed(630)
        status, seconds = mapping.terminate()

    assert seen == [1]
    assert len(set(endpoint.places())) == 630
    assert (status, seconds < 5) == (0, True)


def test_a_poller_that_is_taken_away_settles_what_is_on_its_way(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=2)
    topic.produce(400)
    endpoint.answer = slow

    with MappingProcess(
        tmp_path,
        topic,
        endpoint.url,
        settings=QUICK,
        BatchSize=2,
        ProvisionedPollerConfig=provisioned(1, 2),
    ) as mapping:
        wait_until(lambda: pollers(mapping) == 2, "a second poller", 20)
        topic.wait_until_committed(400)
        sent = len(endpoint.places())
        wait_until(lambda: shares(topic) == [2], "the second poller to leave", 20)
        topic.produce(2, first=400)
        topic.wait_until_committed(402)

    assert len(endpoint.places()) == sent + 2


def test_without_provisioning_one_poller_begins(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=3)
    topic.produce(30)

    with MappingProcess(
        tmp_path, topic, endpoint.url, ProvisionedPollerConfig=None, FunctionResponseTypes=None
    ) as mapping:
        topic.wait_until_committed(30)
        wait_until(lambda: counted(mapping, "CommittedEventCount") == 30, "the count of commits")
        status = mapping.status()

    assert status["pollers"] == 1
    assert "ProvisionedPollers" not in status["metrics"]
