"""What a delivered message of NATS says, and how a consumer is asked for."""

import json

import pytest

from devstack.errors import UserError
from devstack.event_source_mapping.clients.nats import requests
from devstack.event_source_mapping.clients.nats.messages import (
    Message,
    consumed_record,
    headers_of,
    message,
)
from devstack.event_source_mapping.clients.nats.place import Place
from devstack.event_source_mapping.clients.nats.requests import ConsumerUnfitError
from devstack.event_source_mapping.definition.configuration import StartingPosition
from devstack.event_source_mapping.polling.records import ConsumedRecord
from devstack.event_source_mapping.settings import Settings, read_settings
from devstack.event_source_mapping.sources import source_of
from tests.unit.event_source_mapping.fakes import configuration

SHORT = "$JS.ACK.orders.group.2.17.40.1735689600123456789.5"
LONG = "$JS.ACK.hub.ACCOUNT.orders.group.2.17.40.1735689600123456789.5.random"


@pytest.mark.parametrize("handle", [SHORT, LONG, LONG.removesuffix(".random")])
def test_a_handle_tells_sequence_delivery_and_time(handle: str) -> None:
    read = message("orders.k", handle, b"", b"v")

    assert read == Message(17, 40, 1735689600123, b"orders.k", b"", b"v", handle)


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        ("orders", None),
        ("orders.k", b"k"),
        ("orders.a.b", b"a.b"),
        ("ordersmore.k", b"ordersmore.k"),
        ("shop.orders", b"shop.orders"),
        ("orders.\udcff", b"\xff"),
    ],
)
def test_a_key_is_what_follows_the_streams_name(subject: str, key: bytes | None) -> None:
    record = consumed_record(message(subject, SHORT, b"", b"v"), "orders")

    assert record == ConsumedRecord(0, 17, 1735689600123, "LOG_APPEND_TIME", key, b"v", [])


@pytest.mark.parametrize(
    ("block", "headers"),
    [
        (b"", []),
        (b"NATS/1.0", []),
        (b"NATS/1.0\r\n\r\n", []),
        (b"NATS/1.0 503 No\r\n\r\n", []),
        (b"NATS/1.0\r\nA:1\r\na: 2\r\nA: 3:4\r\n\r\n", [("A", b"1"), ("a", b"2"), ("A", b"3:4")]),
        (b"NATS/1.0\r\nAlone\r\nB:\r\n\r\n", [("Alone", None), ("B", b"")]),
        (b"NATS/1.0\r\n\xff: \xfe\r\n\r\n", [("\\xff", b"\xfe")]),
    ],
)
def test_headers_are_all_there(block: bytes, headers: list[tuple[str, bytes | None]]) -> None:
    assert headers_of(block) == headers


def test_a_groups_name_becomes_a_consumers() -> None:
    assert requests.durable_name("orders group/a.b*c>d-e_f") == "orders_group_a_b_c_d-e_f"


def test_a_consumer_may_hold_two_batches_and_is_never_given_up_by_the_server() -> None:
    asked = json.loads(requests.creation(configuration(batch_size=2000), "orders", {}))

    assert asked["stream_name"] == "orders"
    assert asked["config"]["max_ack_pending"] == 4000
    assert asked["config"]["max_deliver"] == -1
    assert asked["config"]["ack_wait"] == 6_000_000_000


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({}, {"deliver_policy": "all"}),
        ({"starting_position": StartingPosition.LATEST}, {"deliver_policy": "new"}),
        (
            {
                "starting_position": StartingPosition.AT_TIMESTAMP,
                "starting_timestamp_seconds": 1735689600.5,
            },
            {
                "deliver_policy": "by_start_time",
                "opt_start_time": "2025-01-01T00:00:00.500000+00:00",
            },
        ),
    ],
)
def test_a_consumer_begins_where_the_mapping_does(
    changes: dict[str, object], start: dict[str, str]
) -> None:
    assert requests.beginning(configuration(**changes)) == start


@pytest.mark.parametrize(
    "config",
    [
        {"deliver_subject": "push"},
        {"ack_policy": "all"},
        {"max_deliver": 3},
        {"backoff": [1]},
    ],
)
def test_a_consumer_that_could_lose_messages_is_refused(config: dict[str, object]) -> None:
    told = {"name": "group", "config": {"ack_policy": "explicit", "max_deliver": -1, **config}}

    with pytest.raises(ConsumerUnfitError, match=r"consumer group .* choose another group"):
        requests.bound({"created": "then"}, told)


def settings(**nats: str) -> Settings:
    return read_settings({"template": "t", "ready_file": "r", "nats": nats})


def test_a_stream_stands_for_the_topic() -> None:
    source = source_of(settings(url="nats://me:secret@127.0.0.1:4222", stream="orders"))

    applied = source.applied(configuration(event_source_arn="arn:aws:kafka:eu:1:cluster/a/b"))

    assert applied == configuration(topic="nats:orders", bootstrap_servers="127.0.0.1:4222")
    assert source.servers == "127.0.0.1:4222"
    assert not source.client_properties


def test_without_a_stream_the_source_is_kafka() -> None:
    kafka = {"bootstrap_servers": "b:1", "kafka_properties": {"security.protocol": "SSL"}}
    source = source_of(read_settings({"template": "t", "ready_file": "r", **kafka}))

    assert source.applied(configuration()) == configuration()
    assert (source.servers, source.client_properties) == ("b:1", {"security.protocol": "SSL"})


def test_a_connection_that_is_encrypted_says_so() -> None:
    source = source_of(settings(url="tls://nats.example", stream="orders"))

    assert source.client_properties == {"security.protocol": "SSL"}


def test_settings_without_a_stream_are_refused() -> None:
    with pytest.raises(UserError, match="'nats' lacks 'url' or 'stream'"):
        settings(url="nats://127.0.0.1")


def test_a_place_is_read_whole() -> None:
    read = settings(url="nats://a", stream="s", credentials="file")

    assert read.nats == Place("nats://a", "s", "file")
