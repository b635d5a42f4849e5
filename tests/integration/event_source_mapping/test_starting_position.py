import time
from pathlib import Path

from tests.integration.event_source_mapping.endpoint import (
    FUNCTION_ERROR,
    LambdaEndpoint,
    Place,
    Reply,
)
from tests.integration.event_source_mapping.mapping_process import MappingProcess, Topic
from tests.servers import KafkaServer, wait_until


def test_latest_begins_there_only_once_even_if_nothing_succeeded_yet(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=1)
    topic.produce(1)
    endpoint.answer = lambda _: FUNCTION_ERROR

    with MappingProcess(tmp_path, topic, endpoint.url, StartingPosition="LATEST") as mapping:
        topic.produce(1)
        wait_until(lambda: bool(endpoint.invocations), "a failed attempt")
        mapping.kill()
        endpoint.answer = lambda _: Reply()
        mapping.start()
        topic.wait_until_committed(2)

    assert set(endpoint.places()) == {Place(0, 1)}


def test_at_timestamp_begins_with_the_first_record_not_older(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(kafka, partitions=2)
    topic.produce(4)
    begin = int(time.time()) + 1
    wait_until(lambda: time.time() >= begin, "the next second")
    topic.produce(1)

    with MappingProcess(
        tmp_path,
        topic,
        endpoint.url,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=begin,
    ):
        topic.produce(1, first=1)
        topic.wait_until_committed(6)

    assert sorted(endpoint.places()) == [Place(0, 2), Place(1, 2)]
