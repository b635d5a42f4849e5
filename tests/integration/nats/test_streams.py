"""Streams and consumers that come, go and were there before: where reading begins and goes on."""

from pathlib import Path

import pytest
from nats.js.api import AckPolicy

from tests.integration.event_source_mapping.endpoint import LambdaEndpoint
from tests.integration.nats.source import ReadStream, source
from tests.servers import NatsServer, wait_until


def offsets(endpoint: LambdaEndpoint) -> list[int]:
    return [place.offset for place in endpoint.places()]


def test_a_stream_that_is_not_there_is_read_when_it_comes(
    nats_server: NatsServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream = ReadStream(nats_server, made=False)

    with source(tmp_path, stream, endpoint.url) as mapping:
        assert f"there is no stream {stream.name}" in mapping.output()
        stream.make()
        stream.produce(5)
        stream.wait_until_acknowledged(5)

    assert offsets(endpoint) == [1, 2, 3, 4, 5]
    assert mapping.output().count("there is no stream") == 1


def test_a_stream_that_is_deleted_and_made_anew_is_read_from_its_beginning(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.produce(20)

    with source(tmp_path, stream, endpoint.url, StartingPosition="LATEST") as mapping:
        stream.produce(20, first=20)
        stream.wait_until_acknowledged(40)
        stream.delete()
        stream.make()
        # Whatever the starting position: these came while nobody could read them.
        stream.produce(10)
        stream.wait_until_acknowledged(10)
        status = mapping.status()

    assert offsets(endpoint) == [*range(21, 41), *range(1, 11)]
    assert status["state"] == "Enabled"


def test_a_consumer_that_is_deleted_goes_on_where_it_was(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.produce(20)

    with source(tmp_path, stream, endpoint.url) as mapping:
        stream.wait_until_acknowledged(20)
        wait_until(lambda: mapping.status()["metrics"]["CommittedEventCount"] == 20, "its word")
        stream.delete_consumer()
        stream.produce(20, first=20)
        stream.wait_until_acknowledged(40)

    assert offsets(endpoint) == list(range(1, 41))


def test_a_work_queue_is_read_on_though_its_consumer_is_deleted(
    nats_server: NatsServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream = ReadStream(nats_server, made=False)
    stream.make(retention="workqueue")
    stream.produce(10)

    with source(tmp_path, stream, endpoint.url):
        stream.wait_until_acknowledged(10)
        stream.delete_consumer()
        stream.produce(10, first=10)
        stream.wait_until_acknowledged(20)

    assert offsets(endpoint) == list(range(1, 21))


def test_a_stream_that_is_purged_is_read_on(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.produce(20)

    with source(tmp_path, stream, endpoint.url) as mapping:
        stream.wait_until_acknowledged(20)
        stream.asked(lambda context: context.purge_stream(stream.name))
        stream.produce(5, first=20)
        stream.wait_until_acknowledged(25)
        wait_until(lambda: mapping.status()["lag"]["SumOffsetLag"] == 0, "no lag")

    assert offsets(endpoint) == list(range(1, 26))


def test_messages_that_were_deleted_leave_no_lag(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.produce(10)
    stream.forget(3, 4, 10)

    with source(tmp_path, stream, endpoint.url) as mapping:
        stream.wait_until_acknowledged(9)
        wait_until(lambda: mapping.status()["lag"]["SumOffsetLag"] == 0, "no lag")

    assert offsets(endpoint) == [1, 2, 5, 6, 7, 8, 9]


def test_the_newest_position_begins_behind_what_is_there(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.produce(5)

    with source(tmp_path, stream, endpoint.url, StartingPosition="LATEST"):
        stream.produce(5, first=5)
        stream.wait_until_acknowledged(10)

    assert offsets(endpoint) == [6, 7, 8, 9, 10]


def test_a_position_in_time_begins_with_the_first_message_after_it(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.produce(10)
    sixth = stream.held()[5].time
    assert sixth is not None

    with source(
        tmp_path,
        stream,
        endpoint.url,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=sixth.timestamp(),
    ):
        stream.wait_until_acknowledged(10)

    assert offsets(endpoint) == [6, 7, 8, 9, 10]


def test_a_consumer_that_may_hold_few_messages_gets_all_of_them(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.make_consumer(max_ack_pending=3)
    stream.produce(20)

    with source(tmp_path, stream, endpoint.url):
        stream.wait_until_acknowledged(20)

    assert offsets(endpoint) == list(range(1, 21))
    assert all(len(invocation.records) <= 3 for invocation in endpoint.invocations)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"max_deliver": 5}, "gives messages up by itself"),
        ({"ack_policy": AckPolicy.NONE}, "does not want every message acknowledged"),
        ({"deliver_subject": "somewhere"}, "is a push consumer"),
    ],
)
def test_a_consumer_that_could_lose_messages_is_not_used(
    stream: ReadStream,
    endpoint: LambdaEndpoint,
    tmp_path: Path,
    settings: dict[str, object],
    what: str,
) -> None:
    stream.make_consumer(**settings)
    stream.produce(1)

    with source(tmp_path, stream, endpoint.url) as mapping:
        status = mapping.status()
        ended, _ = mapping.terminate()

    assert (status["state"], status["reason"]) == ("Disabled", "ESM_CONFIG_NOT_VALID")
    assert what in status["lastProcessingResult"]
    assert ended == 0
    assert not endpoint.invocations
