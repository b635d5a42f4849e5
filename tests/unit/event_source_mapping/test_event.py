import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.event_source_mapping.definition.choices import Choices
from devstack.event_source_mapping.polling.event import EventFormat, record_bytes
from devstack.event_source_mapping.polling.records import ConsumedRecord, Record
from tests.unit.event_source_mapping.fakes import record

ARN = "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/0000-1"
MSK = EventFormat("orders", "b-1.demo:9098,b-2.demo:9098", ARN)
SELF_MANAGED = EventFormat("orders", "b-1:9092", None)


def held(event_format: EventFormat, consumed: ConsumedRecord) -> Record:
    encoded = event_format.encode(consumed)
    return Record(consumed.partition, consumed.offset, consumed.timestamp_ms, encoded, 0.0)


def event_of(event_format: EventFormat, *consumed: ConsumedRecord) -> Any:  # noqa: ANN401 - JSON
    by_partition: dict[int, list[Record]] = {}
    for some in consumed:
        by_partition.setdefault(some.partition, []).append(held(event_format, some))
    return json.loads(event_format.event(by_partition))


def test_the_event_of_an_msk_cluster_has_the_documented_shape() -> None:
    first = ConsumedRecord(
        0, 15, 1735689600000, "CREATE_TIME", b"k1", b'{"id":1}', [("trace", b"a\xc3")]
    )
    tombstone = ConsumedRecord(1, 7, 1735689600050, "LOG_APPEND_TIME", b"k2", None, ())

    event = event_of(MSK, first, tombstone)

    assert event == {
        "eventSource": "aws:kafka",
        "eventSourceArn": ARN,
        "bootstrapServers": "b-1.demo:9098,b-2.demo:9098",
        "records": {
            "orders-0": [
                {
                    "topic": "orders",
                    "partition": 0,
                    "offset": 15,
                    "timestamp": 1735689600000,
                    "timestampType": "CREATE_TIME",
                    "key": "azE=",
                    "value": "eyJpZCI6MX0=",
                    "headers": [{"trace": [97, -61]}],
                }
            ],
            "orders-1": [
                {
                    "topic": "orders",
                    "partition": 1,
                    "offset": 7,
                    "timestamp": 1735689600050,
                    "timestampType": "LOG_APPEND_TIME",
                    "key": "azI=",
                    "headers": [],
                }
            ],
        },
    }


def test_a_self_managed_cluster_has_no_arn() -> None:
    event = event_of(SELF_MANAGED, record(0, 0))

    assert event["eventSource"] == "SelfManagedKafka"
    assert "eventSourceArn" not in event


def test_a_null_key_is_left_out_and_an_empty_one_is_not() -> None:
    null = record(0, 0)._replace(key=None)
    empty = record(0, 1, value=b"")._replace(key=b"")

    first, second = event_of(MSK, null, empty)["records"]["orders-0"]

    assert "key" not in first
    assert (second["key"], second["value"]) == ("", "")


def test_repeated_headers_keep_their_order_and_bytes_their_sign() -> None:
    headers = [('é"', "ë".encode()), ("a", b""), ('é"', b"\x7f\x80"), ("null", None)]

    (some,) = event_of(MSK, record(0, 0)._replace(headers=headers))["records"]["orders-0"]

    assert some["headers"] == [{'é"': [-61, -85]}, {"a": []}, {'é"': [127, -128]}, {"null": []}]


@given(
    st.lists(
        st.builds(
            ConsumedRecord,
            partition=st.integers(0, 12),
            offset=st.integers(0, 2**63 - 1),
            timestamp_ms=st.integers(-1, 2**42),
            timestamp_type=st.just("CREATE_TIME"),
            key=st.none() | st.binary(),
            value=st.none() | st.binary(),
            headers=st.lists(st.tuples(st.text(), st.binary())),
        ),
        min_size=1,
    )
)
def test_the_size_is_known_before_the_event_is_made_and_values_come_back_as_they_were(
    consumed: list[ConsumedRecord],
) -> None:
    by_partition: dict[int, list[Record]] = {}
    for some in consumed:
        by_partition.setdefault(some.partition, []).append(held(MSK, some))

    event = MSK.event(by_partition)

    records = [r for some in by_partition.values() for r in some]
    counted = MSK.envelope_bytes + sum(map(MSK.partition_bytes, by_partition))
    assert len(event) == counted + sum(map(record_bytes, records))
    values = [
        base64.b64decode(r["value"]) if "value" in r else None
        for some in json.loads(event)["records"].values()
        for r in some
    ]
    assert sorted(values, key=repr) == sorted((c.value for c in consumed), key=repr)


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (1, True), (-1, False)])
def test_a_record_fits_alone_up_to_the_last_byte(spare: int, *, fits: bool) -> None:
    overhead = len(MSK.event({0: [held(MSK, record(0, 0, value=b""))]}))
    encoded = held(MSK, record(0, 0, value=b""))
    room = Choices().largest_event_bytes - overhead
    large = encoded._replace(encoded=encoded.encoded + b" " * (room - spare))

    assert MSK.fits_alone(large) is fits
    assert (len(MSK.event({0: [large]})) <= Choices().largest_event_bytes) is fits
