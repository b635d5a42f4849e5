"""A part of a topic is sent once, whatever is missing in it, and the broker keeps no trace."""

import json
import re
import signal
from threading import Event
from uuid import uuid4

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.integration.event_source_mapping.endpoint import (
    Invocation,
    LambdaEndpoint,
    Place,
    Reply,
)
from tests.integration.event_source_mapping.mapping_process import Topic
from tests.integration.replay.command import Done, ReplayCommand
from tests.servers import KafkaServer, wait_until
from tests.unit.replay.dead_letters import EVENT, of_topic

HOUR_MS = 3_600_000
MORE_THAN_IS_PREFETCHED = 45_000
COMPACTED_AT_ONCE = {
    "cleanup.policy": "compact",
    "segment.bytes": "1048576",
    "segment.ms": "100",
    "max.compaction.lag.ms": "100",
    "min.cleanable.dirty.ratio": "0.01",
}


def replay(command: ReplayCommand, topic: Topic, *options: object) -> Done:
    return command("topic", topic.name, "--bootstrap-servers", topic.servers, *options)


def test_the_whole_topic_is_sent_as_the_mapping_would(
    kafka: KafkaServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    topic = Topic(kafka, partitions=3)
    topic.produce(300)

    done = replay(command, topic, "--batch-size", 120)

    assert done.status == 0, done.err
    assert sorted(endpoint.places()) == sorted(Place(n % 3, n // 3) for n in range(300))
    event = endpoint.invocations[0].event
    assert event["eventSource"] == "SelfManagedKafka"
    assert event["bootstrapServers"] == topic.servers
    assert [len(one.records) for one in endpoint.invocations] == [120, 120, 60]
    for partition in range(3):
        offsets = [place.offset for place in endpoint.places() if place.partition == partition]
        assert offsets == sorted(offsets)
    assert done.summary["sent"] == 300
    assert done.summary["stored"] is None, "this function tells no fates"


def test_nothing_is_committed_and_no_group_is_left_behind(
    kafka: KafkaServer, command: ReplayCommand
) -> None:
    topic = Topic(kafka, partitions=1)
    topic.produce(10)

    replay(command, topic)

    groups = AdminClient({"bootstrap.servers": topic.servers}).list_consumer_groups().result().valid
    assert "devstack-replay" not in {group.group_id for group in groups}


def test_a_range_of_offsets_includes_both_its_ends(
    kafka: KafkaServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    topic = Topic(kafka, partitions=2)
    topic.produce(100)

    replay(command, topic, "--partition", 1, "--from-offset", 10, "--to-offset", 12)

    assert endpoint.places() == [Place(1, 10), Place(1, 11), Place(1, 12)]


def test_a_range_of_time_finds_its_records_wherever_they_stand(
    kafka: KafkaServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    topic = Topic(kafka, partitions=1)
    hours = [0, 1, 5, 2, 6, 1]  # a producer's clock may go back
    producer = Producer({"bootstrap.servers": topic.servers})
    for hour in hours:
        producer.produce(topic.name, b"", partition=0, timestamp=HOUR_MS * (hour + 1))
    producer.flush()

    replay(command, topic, "--from-time", "1970-01-01T02:00:00Z", "--to-time", 4 * 3600)

    assert [place.offset for place in endpoint.places()] == [1, 3, 5]


def test_aborted_records_and_the_ends_of_transactions_hold_nothing_up(
    kafka: KafkaServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    topic = Topic(kafka, partitions=1)
    producer = Producer({"bootstrap.servers": topic.servers, "transactional.id": topic.name})
    producer.init_transactions()
    for number in range(4):
        producer.begin_transaction()
        producer.produce(topic.name, b"value", partition=0)
        producer.flush()
        (producer.abort_transaction if number % 2 else producer.commit_transaction)()

    done = replay(command, topic)
    cut = replay(command, topic, "--partition", 0, "--to-offset", 2)

    assert done.status == cut.status == 0, done.err + cut.err
    assert [place.offset for place in endpoint.places()] == [0, 4, 0]


def test_an_open_transaction_is_told_instead_of_waited_for(
    kafka: KafkaServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    topic = Topic(kafka, partitions=1)
    topic.produce(2)
    producer = Producer({"bootstrap.servers": topic.servers, "transactional.id": topic.name})
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(topic.name, b"value", partition=0)
    producer.flush()
    try:
        done = replay(command, topic)
    finally:
        producer.abort_transaction()

    assert done.status == 0
    assert f"{topic.name}-0: an open transaction holds back" in done.err
    assert [place.offset for place in endpoint.places()] == [0, 1]


def test_dead_letters_are_unwrapped_to_their_original_records(
    kafka: KafkaServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    topic = Topic(kafka, partitions=1)
    producer = Producer({"bootstrap.servers": topic.servers})
    producer.produce(topic.name, of_topic(), partition=0)
    producer.produce(topic.name, b"no dead letter", partition=0)
    producer.flush()

    replay(command, topic)
    first, second = endpoint.invocations
    wrapped = replay(command, topic, "--wrapped")

    assert first.event == EVENT
    assert second.places == [Place(0, 1)]
    assert wrapped.summary["sent"] == 2
    assert endpoint.places()[-2:] == [Place(0, 0), Place(0, 1)]


def test_a_killed_replay_goes_on_in_every_partition_up_to_the_end_of_its_first_start(
    kafka: KafkaServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    topic = Topic(kafka, partitions=3)
    topic.produce(90)
    words = ("topic", topic.name, "--bootstrap-servers", topic.servers)
    with command.start(*words, "--rate", 20) as process:
        wait_until(lambda: len(endpoint.invocations) >= 3, "three events")
        process.kill()
    before = endpoint.places()
    acknowledged = {place for one in endpoint.invocations[:2] for place in one.places}
    endpoint.invocations.clear()
    topic.produce(30, first=90)

    done = command(*words)

    assert done.summary["sent"] == 90
    assert {*before, *endpoint.places()} == {Place(n % 3, n // 3) for n in range(90)}
    assert acknowledged.isdisjoint(endpoint.places())


def test_a_broker_that_is_killed_and_comes_back_is_waited_for(
    kafka: KafkaServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    topic = Topic(kafka, partitions=3)
    topic.produce(MORE_THAN_IS_PREFETCHED, size=1300)
    killed = Event()

    def answer(_: Invocation) -> Reply:
        killed.wait(20)
        return Reply()

    endpoint.answer = answer
    with command.start("topic", topic.name, "--bootstrap-servers", topic.servers) as process:
        wait_until(lambda: endpoint.invocations, "the first event")
        kafka.stop(signal.SIGKILL)
        killed.set()
        kafka.start()
        out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    assert json.loads(out)["sent"] == MORE_THAN_IS_PREFETCHED
    assert len(set(endpoint.places())) == MORE_THAN_IS_PREFETCHED


def test_a_dry_run_sends_nothing_and_tells_the_offsets(
    kafka: KafkaServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    topic = Topic(kafka, partitions=2)
    topic.produce(30)

    done = replay(command, topic, "--dry-run", "--batch-size", 10)

    assert endpoint.invocations == []
    assert (done.summary["records"], done.summary["events"]) == (30, 3)
    assert done.summary["partitions"][f"{topic.name}-1"] == {"records": 15, "first": 0, "last": 14}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--partition", 7], "has no partition 7; it has 0 to 0"),
        (["--partition", 0, "--from-offset", 5], r"it holds .*-0\[0…4\]"),
        (["--from-time", "2100-01-01"], "nothing of topic .* is selected"),
        (["--from-offset", 0], "exactly one --partition"),
        (["--kafka-property", "no.such=thing"], "no.such"),
    ],
)
def test_a_range_that_holds_nothing_is_one_line(
    kafka: KafkaServer, command: ReplayCommand, options: list[object], reason: str
) -> None:
    topic = Topic(kafka, partitions=1)
    topic.produce(5)

    done = replay(command, topic, *options)

    assert (done.status, done.err.count("\n")) == (1, 1)
    assert re.search(reason, done.err)


def test_a_topic_that_is_not_there_and_a_broker_that_is_away_are_one_line(
    kafka: KafkaServer, command: ReplayCommand
) -> None:
    servers = kafka.bootstrap_servers
    missing = command("topic", f"no-{uuid4().hex}", "--bootstrap-servers", servers)
    away = command("topic", "orders", "--bootstrap-servers", "127.0.0.1:1")

    assert (missing.status, missing.err.count("\n")) == (1, 1)
    assert "has no topic no-" in missing.err
    assert (away.status, away.err.count("\n")) == (1, 1)
    assert "--bootstrap-servers right?" in away.err


def test_records_that_were_removed_hold_nothing_up(
    kafka: KafkaServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    topic = Topic(kafka, partitions=1)
    topic.produce(10)
    admin = AdminClient({"bootstrap.servers": topic.servers})
    (removed,) = admin.delete_records([TopicPartition(topic.name, 0, 7)]).values()
    removed.result()

    done = replay(command, topic, "--partition", 0, "--from-offset", 2)

    assert done.status == 0, done.err
    assert [place.offset for place in endpoint.places()] == [7, 8, 9]


def test_a_compacted_topic_is_read_over_its_gaps_to_its_end(
    kafka: KafkaServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    topic = Topic(kafka)
    compacted = NewTopic(topic.name, 1, 1, config=COMPACTED_AT_ONCE)
    admin = AdminClient({"bootstrap.servers": topic.servers})
    admin.create_topics([compacted])[topic.name].result()
    topic.partitions = 1
    producer = Producer({"bootstrap.servers": topic.servers, "linger.ms": 0})

    def is_compacted() -> bool:
        # Only closed segments are compacted: every further record closes one.
        producer.produce(topic.name, bytes(500), b"same key", partition=0)
        producer.flush()
        endpoint.invocations.clear()
        command("topic", topic.name, "--bootstrap-servers", topic.servers)
        offsets = [place.offset for place in endpoint.places()]
        return len(offsets) < offsets[-1] + 1

    wait_until(is_compacted, "the topic to be compacted")
    offsets = [place.offset for place in endpoint.places()]

    assert offsets == sorted(set(offsets))
