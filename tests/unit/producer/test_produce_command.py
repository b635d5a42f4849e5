import json
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from devstack.commands import produce
from devstack.errors import UserError
from devstack.producer.delivery import Summary
from devstack.settings import Addresses, Settings
from tests.unit.addresses import ADDRESSES, READS_NATS, keep_running

SUMMARY = Summary(
    topic="orders",
    partitions=3,
    produced=3,
    valid=2,
    bad={"truncated": 1},
    duplicates=0,
    seconds=0.25,
    order_uids=("b563feb7b2b84b6test",),
)


def _parse(*arguments: str) -> Namespace:
    parser = ArgumentParser()
    produce.add_arguments(parser)
    return parser.parse_args(arguments)


def test_one_valid_record_is_produced_unless_more_is_asked_for() -> None:
    options = _parse()

    assert (options.count, options.bad_rate, options.rate, options.seed) == (1, 0, None, None)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--count", "-1", "a whole number, 0 or more"),
        ("--count", "many", "a whole number, 0 or more"),
        ("--rate", "0", "a number over 0"),
        ("--rate", "nan", "a number over 0"),
        ("--bad-rate", "5", "a number from 0 to 1"),
        ("--partitions", "0", "a whole number over 0"),
    ],
)
def test_an_impossible_option_is_refused_with_what_was_expected(
    option: str, value: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        _parse(option, value)

    assert f"{value} is not {expected}" in capsys.readouterr().err


def test_a_place_that_there_is_not_is_refused_with_those_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        _parse("--to", "rabbitmq")

    assert "kafka" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "options", "reason"),
    [
        ({}, ("--to", "nats", "--partitions", "3"), "--partitions is for Kafka"),
        ({"SOURCE": "nats"}, ("--partitions", "3"), "--partitions is for Kafka"),
        ({"SOURCE": "nats"}, (), "no stack is running here"),
        ({"SOURCE": "rabbitmq"}, (), "SOURCE=rabbitmq is none of kafka, nats"),
    ],
)
def test_where_records_cannot_go_is_told(
    tmp_path: Path, values: dict[str, str], options: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        produce.run(_parse(*options), Settings(values, tmp_path))


@pytest.mark.parametrize(
    ("addresses", "options", "reason"),
    [
        (ADDRESSES, ("--to", "nats"), "reads kafka; leave --to out, or set NATS_URL"),
        (READS_NATS, ("--to", "kafka"), "reads nats; leave --to out, or set KAFKA_BROKER"),
        (READS_NATS, ("--partitions", "3"), "--partitions is for Kafka"),
    ],
)
def test_a_running_stack_reads_one_of_them(
    tmp_path: Path, addresses: Addresses, options: tuple[str, ...], reason: str
) -> None:
    keep_running(tmp_path, addresses)

    with pytest.raises(UserError, match=reason):
        produce.run(_parse(*options), Settings({}, tmp_path))


def test_a_program_reads_the_summary_as_json() -> None:
    summary = json.loads(produce.as_json(SUMMARY, seed=7))

    assert summary["seed"] == 7
    assert summary["bad"] == {"truncated": 1}
    assert summary["order_uids"] == ["b563feb7b2b84b6test"]


def test_a_person_reads_what_was_sent_and_an_id_to_look_up() -> None:
    text = produce.as_text(SUMMARY, seed=7)

    assert "3 records in 0.2 s to topic orders (3 partitions), seed 7" in text
    assert "b563feb7b2b84b6test" in text
    assert "truncated: 1" in text


def test_a_stream_of_nats_has_one_partition() -> None:
    stream = replace(SUMMARY, topic="nats:orders", partitions=1)

    assert "to topic nats:orders (1 partition), seed 7" in produce.as_text(stream, seed=7)
