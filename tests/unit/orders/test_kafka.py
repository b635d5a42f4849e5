"""From a Lambda event to records and back to a batch response."""

from typing import Any

import pytest

from orders import kafka
from tests.unit.orders.made import ORDER_UID, SAMPLE_VALUE, event, records


def read(**changes: object) -> Any:  # noqa: ANN401 - one record
    source = {
        "topic": "a-b.c",
        "partition": 3,
        "offset": 7,
        "timestamp": 1_545_084_650_987,
        "timestampType": "CREATE_TIME",
        "key": "a2V5",
        "value": "e30=",
        "headers": [],
        **changes,
    }
    present = {name: value for name, value in source.items() if value is not ...}
    (found,) = kafka.records({"eventSource": "aws:kafka", "records": {"a-b.c-3": [present]}})
    return found


def test_a_record_is_read_with_everything_it_carries() -> None:
    found = read()

    assert (found.topic, found.partition, found.offset) == ("a-b.c", 3, 7)
    assert (found.produced_at_ms, found.timestamp_type) == (1_545_084_650_987, "CREATE_TIME")
    assert (found.key, found.value, found.headers, found.damage) == (b"key", b"{}", (), None)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("kafka_one_order.json", "kafka"),
        ("kafka_one_order_self_managed.json", "kafka"),
        ("nats_one_order.json", "nats"),
    ],
)
def test_a_record_of_every_event_source_is_read_and_tells_how_it_came(
    name: str, source: str
) -> None:
    (found,) = kafka.records(event(name))

    assert (found.value, found.key, found.source) == (SAMPLE_VALUE, ORDER_UID.encode(), source)


@pytest.mark.parametrize("absent", [..., None])
def test_a_missing_or_null_value_is_a_tombstone(absent: object) -> None:
    assert read(value=absent).value is None


def test_an_empty_value_is_not_a_tombstone() -> None:
    assert read(value="").value == b""


@pytest.mark.parametrize("absent", [..., None, ""])
def test_a_record_may_have_no_key(absent: object) -> None:
    assert read(key=absent).key is None


def test_header_bytes_are_signed_and_doubles_keep_their_order() -> None:
    found = read(headers=[{"a": [-61, -85]}, {"b": []}, {"a": [120]}, {"c": None}])

    assert found.headers == (("a", "ë".encode()), ("b", b""), ("a", b"x"), ("c", b""))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": "%%%"}, "not_base64"),
        ({"value": "e30"}, "not_base64"),
        ({"value": 5}, "not_base64"),
        ({"key": "ключ"}, "not_base64"),
        ({"headers": "text"}, "bad_headers"),
        ({"headers": [{"a": "text"}]}, "bad_headers"),
    ],
)
def test_what_cannot_be_decoded_is_kept_and_marked(changes: dict[str, Any], code: str) -> None:
    found = read(**changes)

    assert found.damage.code == code
    kept = (found.key or b"") + (found.value or b"") + b"".join(v for _, v in found.headers)
    assert str(next(iter(changes.values()))).encode() in kept


@pytest.mark.parametrize("timestamp", [-1, 10**18, None, ..., "now"])
def test_what_is_no_time_is_dropped(timestamp: object) -> None:
    assert read(timestamp=timestamp).produced_at_ms is None


def test_the_batch_response_names_partition_and_offset_as_lambda_wants() -> None:
    first, second = records(None, None, partition=4)

    assert kafka.batch_response([]) == {"batchItemFailures": []}
    assert kafka.batch_response([first, second]) == {
        "batchItemFailures": [
            {"itemIdentifier": {"partition": "orders-4", "offset": 0}},
            {"itemIdentifier": {"partition": "orders-4", "offset": 1}},
        ]
    }


def test_fates_stand_beside_the_failures_and_change_nothing_of_them() -> None:
    fates: kafka.Fates = {"stored": 1, "duplicates": 2, "quarantined": {"conflict": 3}}

    response = kafka.batch_response([], fates)

    assert response["fates"] == fates
    assert response["batchItemFailures"] == []
