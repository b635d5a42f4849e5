"""The consumer group of a mapping, and what it commits."""

from collections.abc import Callable
from contextlib import closing
from threading import Event
from uuid import UUID

import pytest
from confluent_kafka import Consumer

from devstack.errors import UserError
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from tests.conformance.broker import Broker
from tests.conformance.rules import rule
from tests.integration.event_source_mapping.endpoint import Invocation, Reply
from tests.servers import wait_until

GROUPS = "lambda/latest/dg/kafka-consumer-group-id.html"
MSK = "lambda/latest/dg/with-msk-configure.html"
FILTERING = "lambda/latest/dg/invocation-eventfiltering.html"
LOGGING = "lambda/latest/dg/esm-logging.html"
TROUBLES = "lambda/latest/dg/with-kafka-troubleshoot.html"
API = "lambda/latest/api/API_SelfManagedKafkaEventSourceConfig.html"


@rule("ConsumerGroupId names the group that the mapping joins and commits to.", GROUPS)
def test_the_group_can_be_named(broker: Broker) -> None:
    topic = broker.topic()
    topic.group = f"named-{topic.name}"
    topic.produce(3)

    broker.ingest(topic)

    assert topic.committed() == 3


@rule("Without ConsumerGroupId the group is the mapping's UUID.", TROUBLES)
def test_the_group_is_the_uuid_by_default(
    parsed: Callable[..., MappingConfiguration],
) -> None:
    mapping, other = parsed(), parsed(Topics=["others"])

    assert mapping.consumer_group == mapping.uuid == str(UUID(mapping.uuid))
    assert other.consumer_group != mapping.consumer_group


@rule("ConsumerGroupId has 1 to 200 characters.", API)
def test_the_name_of_a_group_has_up_to_two_hundred_characters(
    parsed: Callable[..., MappingConfiguration],
) -> None:
    longest = parsed(SelfManagedKafkaEventSourceConfig={"ConsumerGroupId": "g" * 200})
    assert longest.consumer_group == "g" * 200

    with pytest.raises(UserError, match="ConsumerGroupId"):
        parsed(SelfManagedKafkaEventSourceConfig={"ConsumerGroupId": "g" * 201})


@rule("Other members of the group take their share of the partitions.", GROUPS)
def test_other_members_share_the_partitions(broker: Broker) -> None:
    topic = broker.topic(partitions=4)
    other = Consumer(
        {
            "bootstrap.servers": topic.servers,
            "group.id": topic.group,
            "partition.assignment.strategy": "cooperative-sticky",
        }
    )

    with closing(other), broker.mapping(topic):
        other.subscribe([topic.name])
        wait_until(lambda: other.poll(0.05) or len(other.assignment()) == 2, "a share of two")
        theirs = {place.partition for place in other.assignment()}
        topic.produce(40)
        wait_until(lambda: len(broker.endpoint.places()) == 20, "the records of the other two")

    assert {partition for partition, _ in broker.endpoint.places()[:20]} == {0, 1, 2, 3} - theirs


@rule("Offsets are committed to the cluster when their batch has been processed.", MSK)
def test_a_processed_batch_is_committed(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(3)
    done = Event()

    def work(_: Invocation) -> Reply:
        done.wait(20)
        return Reply()

    broker.endpoint.answer = work
    with broker.mapping(topic, BatchSize=3, MaximumBatchingWindowInSeconds=300):
        wait_until(lambda: broker.endpoint.invocations, "an invocation")
        committed_early = topic.committed()
        done.set()
        topic.wait_until_committed(3)

    assert committed_early == 0


@rule("What is committed is the offset after the last record processed.", LOGGING)
def test_the_next_offset_to_read_is_committed(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.fail_on(3)

    with broker.mapping(topic, BatchSize=1):
        wait_until(lambda: [3] in broker.sent(), "the record that fails")
        topic.wait_until_committed(3)

    assert topic.committed() == 3


@rule("A record that fails is not passed by a commit, so it is read again later.", MSK)
def test_what_failed_is_read_again_by_the_next_mapping(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(4)
    broker.fail_on(2)
    with broker.mapping(topic, BatchSize=2, MaximumBatchingWindowInSeconds=300):
        wait_until(lambda: [2, 3] in broker.sent(), "the batch that fails")
        topic.wait_until_committed(2)
    sent_before = len(broker.endpoint.invocations)
    broker.endpoint.answer = lambda _: Reply()

    broker.ingest(topic, BatchSize=2, MaximumBatchingWindowInSeconds=300)

    assert broker.sent()[sent_before:] == [[2, 3]]


@rule("Records that a filter removed are committed with those that passed.", FILTERING)
def test_filtered_records_are_committed_as_well(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b'{"kind": "a"}', b'{"kind": "b"}', b'{"kind": "a"}', b'{"kind": "b"}')
    pattern = '{"value": {"kind": ["a"]}}'

    broker.ingest(topic, FilterCriteria={"Filters": [{"Pattern": pattern}]})

    assert [place.offset for place in broker.endpoint.places()] == [0, 2]
    assert topic.committed() == 4
