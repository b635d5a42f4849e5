"""A part of a stream is sent once, whatever is missing in it, and its consumers do not notice."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from nats.js.api import ConsumerConfig, RetentionPolicy
from nats.js.client import JetStreamContext

from devstack import jetstream
from devstack.ports import free_port
from devstack.replay.ordered_consumer import ANSWER_SECONDS
from tests.integration.event_source_mapping.endpoint import (
    Invocation,
    LambdaEndpoint,
    Place,
    Reply,
)
from tests.integration.replay.command import Done, ReplayCommand
from tests.servers import NatsServer, running_nats, wait_until
from tests.streams import Stream

MORE_THAN_IS_PULLED = 1300
"""Messages that take three pulls."""


@pytest.fixture
def stream(nats_server: NatsServer) -> Stream:
    """Give a new stream without messages."""
    stream = Stream(nats_server)
    stream.make()
    return stream


@pytest.fixture
def own_server() -> Iterator[NatsServer]:
    """Give a server that a test may injure."""
    with running_nats() as server:
        yield server


def replay(command: ReplayCommand, stream: Stream, *options: object) -> Done:
    return command("stream", stream.name, "--server", stream.url, *options)


def sequences(endpoint: LambdaEndpoint) -> list[int]:
    assert {place.partition for place in endpoint.places()} <= {0}
    return [place.offset for place in endpoint.places()]


def between_messages() -> str:
    """Return a moment, milliseconds apart from what was stored before it and will be after it."""
    moment = datetime.now(UTC) + timedelta(milliseconds=5)
    wait_until(lambda: datetime.now(UTC) > moment + timedelta(milliseconds=5), "the clock")
    return moment.isoformat()


def test_the_whole_stream_is_sent_in_its_order_as_the_source_would(
    stream: Stream, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    stream.publish(b"%d" % number for number in range(300))

    done = replay(command, stream, "--batch-size", 120)

    assert done.status == 0, done.err
    assert sequences(endpoint) == list(range(1, 301))
    assert [len(one.records) for one in endpoint.invocations] == [120, 120, 60]
    event = endpoint.invocations[0].event
    assert event["eventSource"] == "SelfManagedKafka"
    assert event["bootstrapServers"] == jetstream.addresses(stream.url)
    assert list(event["records"]) == [f"nats:{stream.name}-0"]
    assert done.summary["sent"] == 300


def test_a_message_is_a_record_with_its_key_its_headers_and_the_time_it_was_stored(
    stream: Stream, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    began_ms = int(datetime.now(UTC).timestamp() * 1000)

    async def publish(context: JetStreamContext) -> None:
        await context.publish(f"{stream.name}.key.of.it", b"value", headers={"trace": "a1"})
        await context.publish(stream.name, b"")

    stream.asked(publish)

    replay(command, stream)

    keyed, bare = endpoint.invocations[0].records
    assert keyed["topic"] == f"nats:{stream.name}"
    assert (keyed["key"], keyed["value"]) == ("a2V5Lm9mLml0", "dmFsdWU=")
    assert keyed["headers"] == [{"trace": [97, 49]}]
    assert keyed["timestampType"] == "LOG_APPEND_TIME"
    assert began_ms <= keyed["timestamp"] <= bare["timestamp"]
    assert ("key" in bare, bare["value"], bare["headers"]) == (False, "", [])


def test_the_consumers_of_a_stream_are_left_as_they_were(
    stream: Stream, command: ReplayCommand
) -> None:
    async def consume_one(context: JetStreamContext) -> None:
        subscription = await context.pull_subscribe("", "durable", stream=stream.name)
        await (await subscription.fetch(1))[0].ack_sync()

    stream.publish([b"value"] * 10)
    stream.asked(consume_one)
    before = stream.asked(lambda context: context.consumer_info(stream.name, "durable"))

    replay(command, stream)

    after = stream.asked(lambda context: context.consumers_info(stream.name))
    assert [(one.name, one.num_pending, one.delivered, one.ack_floor) for one in after] == [
        ("durable", 9, before.delivered, before.ack_floor)
    ]


def test_a_range_of_sequences_includes_both_its_ends(
    stream: Stream, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    stream.publish([b"value"] * 100)

    replay(command, stream, "--from-sequence", 10, "--to-sequence", 12)

    assert sequences(endpoint) == [10, 11, 12]


def test_a_range_of_time_includes_its_begin_and_excludes_its_end(
    stream: Stream, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    stream.publish([b"value"] * 5)
    begin = between_messages()
    stream.publish([b"value"] * 5)
    end = between_messages()
    stream.publish([b"value"] * 5)

    replay(command, stream, "--from-time", begin, "--to-time", end)
    late = replay(command, stream, "--from-time", "9999-01-01")

    assert sequences(endpoint) == [6, 7, 8, 9, 10]
    assert "is selected" in late.err


def test_messages_that_were_deleted_or_purged_hold_nothing_up(
    stream: Stream, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    async def remove(context: JetStreamContext) -> None:
        await context.purge_stream(stream.name, seq=4)
        for sequence in (7, 8, 10):
            await context.delete_msg(stream.name, sequence)

    stream.publish([b"value"] * 10)
    stream.asked(remove)

    done = replay(command, stream, "--from-sequence", 2)

    assert done.status == 0, done.err
    assert sequences(endpoint) == [4, 5, 6, 9]


def test_messages_that_are_large_come_a_few_at_a_time(
    stream: Stream, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    stream.publish([bytes(2_000_000)] * 20)

    done = replay(command, stream)

    assert done.status == 0, done.err
    assert sequences(endpoint) == list(range(1, 21))


def test_a_killed_replay_goes_on_up_to_the_end_of_its_first_start(
    stream: Stream, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    stream.publish([b"value"] * 90)
    words = ("stream", stream.name, "--server", stream.url)
    with command.start(*words, "--rate", 20) as process:
        wait_until(lambda: len(endpoint.invocations) >= 3, "three events")
        process.kill()
    before = sequences(endpoint)
    acknowledged = {place for one in endpoint.invocations[:2] for place in one.places}
    endpoint.invocations.clear()
    stream.publish([b"value"] * 30)

    done = command(*words)

    assert done.summary["sent"] == 90
    assert {*before, *sequences(endpoint)} == set(range(1, 91))
    assert acknowledged.isdisjoint(endpoint.places())


@pytest.mark.parametrize("fault", ["killed", "paused"])
def test_a_server_that_comes_back_is_waited_for(
    own_server: NatsServer, endpoint: LambdaEndpoint, command: ReplayCommand, fault: str
) -> None:
    stream = Stream(own_server)
    stream.make()
    stream.publish([b"value"] * MORE_THAN_IS_PULLED)
    injured = Event()

    def answer(_: Invocation) -> Reply:
        injured.wait(20)
        return Reply()

    endpoint.answer = answer
    words = ("stream", stream.name, "--server", stream.url, "--batch-size", 100)
    with command.start(*words) as process:
        wait_until(lambda: endpoint.invocations, "the first event")
        if fault == "killed":
            own_server.stop(signal.SIGKILL)
            injured.set()
            own_server.start()
        else:
            own_server.send_signal(signal.SIGSTOP)
            injured.set()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(ANSWER_SECONDS + 2)  # it looks for the server again
            own_server.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    assert json.loads(out)["sent"] == MORE_THAN_IS_PULLED
    assert sequences(endpoint) == list(range(1, MORE_THAN_IS_PULLED + 1))


def test_a_consumer_that_somebody_deletes_meanwhile_is_made_anew(
    stream: Stream, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    async def delete_all(context: JetStreamContext) -> None:
        for consumer in await context.consumers_info(stream.name):
            await context.delete_consumer(stream.name, consumer.name)

    def answer(_: Invocation) -> Reply:
        if len(endpoint.invocations) == 1:
            stream.asked(delete_all)
        return Reply()

    stream.publish([b"value"] * MORE_THAN_IS_PULLED)
    endpoint.answer = answer

    done = replay(command, stream, "--batch-size", 100)

    assert done.status == 0, done.err
    assert sequences(endpoint) == list(range(1, MORE_THAN_IS_PULLED + 1))


def test_a_dry_run_sends_nothing_and_tells_the_sequences(
    stream: Stream, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    stream.publish([b"value"] * 30)

    done = replay(command, stream, "--dry-run", "--batch-size", 10)

    assert endpoint.invocations == []
    assert (done.summary["records"], done.summary["events"]) == (30, 3)
    assert done.summary["partitions"] == {
        f"nats:{stream.name}-0": {"records": 30, "first": 1, "last": 30}
    }


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--from-sequence", 6], r"nothing of stream .* is selected; it holds .*\[1…5\]"),
        (["--from-time", "2100-01-01"], "nothing of stream .* is selected"),
        (["--to-time", "2000-01-01"], "nothing of stream .* is selected"),
    ],
)
def test_a_range_that_holds_nothing_is_one_line(
    stream: Stream, command: ReplayCommand, options: list[object], reason: str
) -> None:
    stream.publish([b"value"] * 5)

    done = replay(command, stream, *options)

    assert (done.status, done.err.count("\n")) == (1, 1)
    assert re.search(reason, done.err)


def test_an_empty_stream_one_that_is_not_there_and_a_server_that_is_away_are_one_line(
    stream: Stream, command: ReplayCommand
) -> None:
    empty = replay(command, stream)
    missing = replay(command, Stream(stream.server))
    away = command("stream", "orders", "--server", f"nats://me:secret@127.0.0.1:{free_port()}")

    assert (empty.status, missing.status, away.status) == (1, 1, 1)
    assert [done.err.count("\n") for done in (empty, missing, away)] == [1, 1, 1]
    assert "it holds nothing" in empty.err
    assert re.search(f"has no stream .*; it has .*{stream.name}", missing.err)
    assert "--server right?" in away.err
    assert "secret" not in away.err


def test_a_stream_whose_messages_go_when_they_are_acknowledged_cannot_be_read_beside_that(
    nats_server: NatsServer, command: ReplayCommand
) -> None:
    stream = Stream(nats_server)
    stream.make(retention=RetentionPolicy.WORK_QUEUE)
    stream.publish([b"value"] * 5)

    done = replay(command, stream)

    assert (done.status, done.err.count("\n")) == (1, 1)
    assert "workqueue stream" in done.err


def test_what_foreign_clients_publish_is_read_whole(
    nats_server: NatsServer, endpoint: LambdaEndpoint, command: ReplayCommand
) -> None:
    stream = Stream(nats_server)
    stream.make(subjects=[f"shop.{stream.name}.*"])
    stream.asked(lambda context: context.publish(f"shop.{stream.name}.created", b"value"))
    config = ConsumerConfig(durable_name="theirs")
    stream.asked(lambda context: context.add_consumer(stream.name, config))

    replay(command, stream)

    assert endpoint.places() == [Place(0, 1)]
    (record,) = endpoint.invocations[0].records
    assert record["key"]
