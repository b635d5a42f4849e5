import base64
import re
import time
from collections import defaultdict
from pathlib import Path
from threading import Event

import pytest

from devstack.ports import free_port
from tests.integration.event_source_mapping.endpoint import (
    FUNCTION_ERROR,
    Invocation,
    LambdaEndpoint,
    Place,
    Reply,
    lambda_endpoint,
)
from tests.integration.event_source_mapping.mapping_process import MappingProcess, Topic
from tests.servers import KafkaServer, wait_until

UNREACHABLE = "http://127.0.0.1:9"
SESSION_SECONDS = 6
"""How long a member that was killed is waited for."""
LONG_SESSION = {"kafka_properties": {"session.timeout.ms": "60000"}}
"""A member that is waited for until its session ends is waited for longer than any test waits."""


def everything(partitions: int, count: int) -> list[Place]:
    return sorted(Place(n % partitions, n // partitions) for n in range(count))


def test_every_record_is_sent_once_in_order_in_batches_of_the_documented_shape(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=3)
    topic.produce(1000)

    with MappingProcess(tmp_path, topic, endpoint.url):
        topic.wait_until_committed(1000)

    assert sorted(endpoint.places()) == everything(3, 1000)
    sent = defaultdict(list)
    for partition, offset in endpoint.places():
        sent[partition].append(offset)
    assert all(offsets == sorted(offsets) for offsets in sent.values())
    assert max(len(invocation.places) for invocation in endpoint.invocations) == 100
    invocation = endpoint.invocations[0]
    assert invocation.path == "/2015-03-31/functions/IngestOrdersFunction/invocations"
    assert invocation.event["eventSource"] == "SelfManagedKafka"
    assert invocation.event["bootstrapServers"] == topic.servers
    key, records = next(iter(invocation.event["records"].items()))
    assert key == f"{topic.name}-{records[0]['partition']}"
    assert base64.b64decode(records[0]["key"]).decode() == str(records[0]["partition"])


@pytest.mark.parametrize(
    "failure",
    [
        FUNCTION_ERROR,
        FUNCTION_ERROR._replace(headers={}),
        Reply(b'{"Type": "User"}', 429, {"X-Amzn-ErrorType": "TooManyRequestsException"}),
        Reply(b"{}", 500, {"X-Amzn-ErrorType": "ServiceException"}),
        Reply(b'{"batchItemFailures": [{"itemIdentifier": "0"}]}'),
    ],
    ids=["function error", "error in the payload only", "throttled", "service error", "malformed"],
)
def test_a_failed_batch_is_sent_again_whole_until_it_is_accepted(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path, failure: Reply
) -> None:
    topic = Topic(kafka, partitions=1)
    topic.produce(3)
    endpoint.answer = lambda _: failure if len(endpoint.invocations) < 3 else Reply()

    with MappingProcess(tmp_path, topic, endpoint.url):
        topic.wait_until_committed(3)

    first, *again = [invocation.places for invocation in endpoint.invocations[:3]]
    assert first
    assert again == [first, first]
    assert sorted(set(endpoint.places())) == everything(1, 3)


def test_a_mapping_killed_in_mid_batch_is_back_in_time_and_skips_nothing(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=3)
    topic.produce(300)
    killed = Event()

    def hang(invocation: Invocation) -> Reply:
        if Place(0, 50) in invocation.places:
            killed.wait(30)
        return Reply()

    endpoint.answer = hang
    with MappingProcess(
        tmp_path, topic, endpoint.url, settings=LONG_SESSION, BatchSize=10
    ) as mapping:
        wait_until(lambda: Place(0, 50) in endpoint.places(), "the batch to be on its way")
        mapping.kill()
        sent_before = len(endpoint.invocations)
        killed.set()
        mapping.start()
        topic.wait_until_committed(300)

    places_again = [place for i in endpoint.invocations[sent_before:] for place in i.places]
    assert Place(0, 50) in places_again
    assert sorted(set(endpoint.places())) == everything(3, 300)


def test_a_topic_that_appears_later_is_read_from_its_beginning(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka)

    with MappingProcess(tmp_path, topic, endpoint.url):
        topic.create(partitions=2)
        topic.produce(10)
        topic.wait_until_committed(10)

    assert sorted(endpoint.places()) == everything(2, 10)


def test_sigterm_commits_what_comes_back_and_ends_in_time(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=1)
    endpoint.answer = lambda _: (Event().wait(1), Reply())[1]

    with MappingProcess(tmp_path, topic, endpoint.url) as mapping:
        topic.produce(1)
        wait_until(lambda: bool(endpoint.invocations), "an invocation")
        status, seconds = mapping.terminate()

    assert (status, topic.committed()) == (0, 1)
    assert 0.5 < seconds < 5


def test_sigterm_does_not_wait_for_a_function_that_hangs(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=1)
    released = Event()
    endpoint.answer = lambda _: (released.wait(30), Reply())[1]

    with MappingProcess(tmp_path, topic, endpoint.url) as mapping:
        topic.produce(1)
        wait_until(lambda: bool(endpoint.invocations), "an invocation")
        status, seconds = mapping.terminate()
        released.set()

    assert (status, topic.committed()) == (0, 0)
    assert seconds < 5


def test_an_endpoint_that_comes_later_is_waited_for(kafka: KafkaServer, tmp_path: Path) -> None:
    topic = Topic(kafka, partitions=1)
    topic.produce(3)
    port = free_port()

    with MappingProcess(tmp_path, topic, f"http://127.0.0.1:{port}") as mapping:
        wait_until(lambda: "not invoked" in mapping.output(), "a first attempt")
        with lambda_endpoint(port) as endpoint:
            topic.wait_until_committed(3)

    assert sorted(endpoint.places()) == everything(1, 3)


def test_two_mappings_share_a_group_and_one_takes_over_what_the_other_leaves(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=4)

    with (
        MappingProcess(tmp_path, topic, endpoint.url, settings=LONG_SESSION) as first,
        MappingProcess(tmp_path, topic, endpoint.url, settings=LONG_SESSION) as second,
    ):
        wait_until(lambda: second.output().count("gave up partitions") == 1, "a rebalance")
        topic.produce(400)
        topic.wait_until_committed(400)
        status, _ = first.terminate()
        topic.produce(400, first=400)
        topic.wait_until_committed(800)

    assert status == 0
    assert re.findall(r"member [\w-]+-\w{8}-(\d)", second.output()) == ["0", "1"]
    assert sorted(set(endpoint.places())) == everything(4, 800)


def test_a_mapping_takes_over_what_a_killed_one_left_when_its_session_ends(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=2)

    with (
        MappingProcess(tmp_path / "one", topic, endpoint.url) as first,
        MappingProcess(tmp_path / "two", topic, endpoint.url) as second,
    ):
        wait_until(lambda: "assigned" in second.output(), "a share of the partitions")
        first.kill()
        killed_at = time.time()
        topic.produce(20)
        topic.wait_until_committed(20)

    assert sorted(set(endpoint.places())) == everything(2, 20)
    assert endpoint.invocations[-1].received_at - killed_at < SESSION_SECONDS + 4


def test_a_fault_in_the_template_is_one_line(kafka: KafkaServer, tmp_path: Path) -> None:
    topic = Topic(kafka, partitions=1)

    with pytest.raises(AssertionError, match="ERROR OrdersTopicMapping: BatchSize: 0"):
        MappingProcess(tmp_path, topic, UNREACHABLE, BatchSize=0)
