"""Messages of a stream on their way to the function: whose they are, and what of them arrives."""

import base64
from pathlib import Path

from tests.integration.event_source_mapping.endpoint import LambdaEndpoint
from tests.integration.nats.function import hanging
from tests.integration.nats.source import ForeignClient, ReadStream, source
from tests.servers import NatsServer, wait_until

MEGABYTE = 1024 * 1024


def decoded(text: str) -> bytes:
    return base64.b64decode(text)


def signed(value: bytes) -> list[int]:
    return [byte - 256 if byte > 127 else byte for byte in value]


def test_messages_reach_the_function_in_order_and_are_acknowledged(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.produce(2500)

    with source(tmp_path, stream, endpoint.url, BatchSize=1000) as mapping:
        stream.wait_until_acknowledged(2500)
        wait_until(lambda: mapping.status()["metrics"]["CommittedEventCount"] == 2500, "its word")
        status, _ = mapping.terminate()

    assert status == 0
    assert [place.offset for place in endpoint.places()] == list(range(1, 2501))


def test_an_event_is_kafkas_with_the_stream_for_a_topic(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.produce(1)

    with source(tmp_path, stream, endpoint.url):
        stream.wait_until_acknowledged(1)

    (invocation,) = endpoint.invocations
    stored = stream.held()[0]
    assert stored.time is not None
    timestamp_ms = invocation.records[0].pop("timestamp")
    assert timestamp_ms == int(stored.time.timestamp() * 1000)
    assert invocation.event == {
        "eventSource": "SelfManagedKafka",
        "bootstrapServers": f"127.0.0.1:{stream.server.server.port}",
        "records": {
            f"nats:{stream.name}-0": [
                {
                    "topic": f"nats:{stream.name}",
                    "partition": 0,
                    "offset": 1,
                    "timestampType": "LOG_APPEND_TIME",
                    "key": base64.b64encode(b"0").decode(),
                    "value": base64.b64encode(b"0 xxxxxxxx").decode(),
                    "headers": [],
                }
            ]
        },
    }


def test_what_a_foreign_client_publishes_arrives_whole(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    name = stream.name.encode()
    block = b"NATS/1.0\r\nA: 1\r\nA:  2 \r\nStatus: 404\r\nAlone\r\nB:\r\n\xffC: \xfe\xff:\r\n\r\n"
    with ForeignClient(stream.server) as client:
        client.publish(name, b"")
        client.publish(name + b".a.b", b"\x00\xff")
        client.publish(name + b".k", b"with headers", block)

    with source(tmp_path, stream, endpoint.url):
        stream.wait_until_acknowledged(3)

    bare, deep, headed = endpoint.invocations[0].records
    assert "key" not in bare
    assert (bare["value"], bare["headers"]) == ("", [])
    assert (decoded(deep["key"]), decoded(deep["value"])) == (b"a.b", b"\x00\xff")
    assert decoded(headed["value"]) == b"with headers"
    assert headed["headers"] == [
        {"A": signed(b"1")},
        {"A": signed(b"2")},
        {"Status": signed(b"404")},
        {"Alone": []},
        {"B": []},
        {"\\xffC": signed(b"\xfe\xff:")},
    ]


def test_a_message_that_ends_other_clients_is_a_message_like_any_other(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    name = stream.name.encode()
    with ForeignClient(stream.server) as client:
        client.publish(name + b".before", b"1")
        client.publish(name + b".\xff\xfe", b"2")  # a subject that is no UTF-8
        client.publish(name + b".one-word", b"3", b"NATS/1.0")  # a header block of one word
        client.publish(name + b".status", b"4", b"NATS/1.0 503 No\r\n\r\n")
        client.publish(name + b".after", b"5")

    with source(tmp_path, stream, endpoint.url) as mapping:
        stream.wait_until_acknowledged(5)
        assert mapping.status()["metrics"]["PollingErrorCount"] == 0

    records = [record for invocation in endpoint.invocations for record in invocation.records]
    assert [decoded(record["value"]) for record in records] == [b"1", b"2", b"3", b"4", b"5"]
    assert decoded(records[1]["key"]) == b"\xff\xfe"


def test_a_stream_with_subjects_of_its_own_is_read_as_it_is(
    nats_server: NatsServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream = ReadStream(nats_server, made=False)
    subject = f"shop.{stream.name}.placed"
    stream.make(subjects=[subject])
    stream.asked(lambda context: context.publish(subject, b"order"))

    with source(tmp_path, stream, endpoint.url):
        stream.wait_until_acknowledged(1)

    (record,) = endpoint.invocations[0].records
    assert decoded(record["key"]) == subject.encode()


def test_messages_that_wait_are_held_in_bounded_memory(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    released = hanging(endpoint)

    with source(tmp_path, stream, endpoint.url) as mapping:
        before = mapping.resident_bytes()
        stream.produce(200, size=MEGABYTE)
        # As base64 in its JSON a message is a third larger.
        wait_until(lambda: mapping.status()["heldBytes"] > 64 * MEGABYTE, "it to hold back")
        held = mapping.status()["heldBytes"]
        used = mapping.resident_bytes() - before
        released.set()
        stream.wait_until_acknowledged(200, seconds=60)

    assert held < 100 * MEGABYTE
    assert used < 256 * MEGABYTE
    assert [place.offset for place in endpoint.places()] == list(range(1, 201))


def test_messages_of_megabytes_all_arrive(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.produce(40, size=3 * MEGABYTE)

    with source(tmp_path, stream, endpoint.url) as mapping:
        stream.wait_until_acknowledged(40, seconds=60)
        assert mapping.resident_bytes() < 400 * MEGABYTE

    assert [place.offset for place in endpoint.places()] == list(range(1, 41))
