"""Files give the events they hold; what cannot be replayed is told before anything is sent."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from devstack.errors import UserError
from devstack.replay.events import Event
from devstack.replay.files import Files, part_of
from tests.unit.orders.made import EVENTS
from tests.unit.replay.dead_letters import EVENT, of_s3, of_sqs, of_topic

ORDER = b'{"order_uid": "a",  "n": 1.10}'


def events(source: Files) -> list[Event]:
    return list(source.events(*source.bounds()))


def sent(source: Files) -> list[dict[str, Any]]:
    """Return the records as a function would get them."""
    return [
        record
        for event in events(source)
        for some in json.loads(event.payload(event.batch))["records"].values()
        for record in some
    ]


def values(source: Files) -> list[bytes]:
    return [base64.b64decode(record["value"]) for record in sent(source)]


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    file = tmp_path / "my orders.jsonl"
    file.write_bytes(ORDER + b"\r\n\n  \n{bad\n" + b'[1]\n{"order_uid": 5}')
    return file


def of(*paths: Path, batch_size: int = 100) -> Files:
    return Files([part_of(path, batch_size) for path in paths])


def test_every_line_is_a_record_with_its_bytes_and_its_number(lines: Path) -> None:
    records = sent(of(lines))

    assert values(of(lines)) == [ORDER, b"{bad", b"[1]", b'{"order_uid": 5}']
    assert [record["offset"] for record in records] == [0, 3, 4, 5]
    assert {record["partition"] for record in records} == {0}
    assert {record["timestamp"] for record in records} == {int(lines.stat().st_mtime * 1000)}


def test_the_key_is_the_orders_id_where_there_is_one(lines: Path) -> None:
    assert [record.get("key") for record in sent(of(lines))] == ["YQ==", None, None, None]


def test_the_topic_is_named_after_the_file_and_its_content(lines: Path, tmp_path: Path) -> None:
    topic = sent(of(lines))[0]["topic"]
    changed = tmp_path / "elsewhere" / lines.name
    changed.parent.mkdir()
    changed.write_bytes(lines.read_bytes() + b"\n{}")

    assert topic.startswith("file.my-orders.")
    assert sent(of(lines))[0]["topic"] == topic
    assert sent(of(changed))[0]["topic"] != topic


def test_lines_go_into_events_of_the_batch_size(lines: Path) -> None:
    assert [len(event.batch) for event in events(of(lines, batch_size=3))] == [3, 1]


def test_lines_behind_the_bookmark_are_not_sent_again(lines: Path) -> None:
    source = of(lines, batch_size=3)
    begin, end = source.bounds()

    (rest,) = source.events({**begin, str(lines): 5}, end)

    assert [record.offset for record in rest.batch] == [5]


def test_a_file_without_a_suffix_that_says_so_is_read_as_lines_too(tmp_path: Path) -> None:
    file = tmp_path / "orders.txt"
    file.write_bytes(ORDER + b"\n" + ORDER)

    assert values(of(file)) == [ORDER, ORDER]


def test_one_order_over_many_lines_is_one_record(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    text = json.dumps({"order_uid": "a"}, indent=2).encode()
    file.write_bytes(text)

    assert values(of(file)) == [text]


def test_an_event_file_is_sent_byte_for_byte() -> None:
    file = EVENTS / "kafka_mixed_batch.json"

    (event,) = events(of(file))

    assert event.payload(event.batch) == file.read_bytes()
    assert len(event.batch) == 11


def test_dead_letters_are_unwrapped_from_documents_and_from_lines(tmp_path: Path) -> None:
    document, lines = tmp_path / "letter", tmp_path / "letters.jsonl"
    document.write_bytes(of_s3())
    lines.write_bytes(of_topic() + b"\n" + ORDER)

    assert sent(of(document)) == EVENT["records"]["my-orders-3"]
    assert sent(of(lines))[:2] == EVENT["records"]["my-orders-3"]
    assert values(of(lines))[2] == ORDER


def test_a_changed_file_is_another_source(lines: Path) -> None:
    before = of(lines).identity

    lines.write_bytes(ORDER)

    assert of(lines).identity != before


def test_several_files_are_read_one_after_the_other(lines: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_bytes(b"{}")

    assert values(of(lines, other))[-2:] == [b'{"order_uid": 5}', b"{}"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not JSON", "is not JSON"),
        (of_sqs(), "--partition 3 --from-offset 5"),
        ((EVENTS / "api_order.json").read_bytes(), "API Gateway"),
        (b'{"httpMethod": "GET"}', "API Gateway"),
        (b"[]", "no JSON object"),
    ],
)
def test_a_file_that_cannot_be_replayed_is_named_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(content)

    with pytest.raises(UserError, match=rf"file\.json .*{reason}"):
        of(file)


@pytest.mark.parametrize("name", ["missing.json", "missing.jsonl", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="give files that can be read"):
        of(tmp_path / name)


def test_files_without_a_record_are_nothing_to_replay(tmp_path: Path) -> None:
    file = tmp_path / "empty.jsonl"
    file.touch()

    with pytest.raises(UserError, match="nothing to replay"):
        of(file).bounds()
