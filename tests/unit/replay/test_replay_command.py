from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from devstack.commands import replay
from devstack.errors import UserError
from devstack.settings import Addresses, Settings
from tests.unit.addresses import ADDRESSES, READS_NATS, keep_running

EVENT = "events/kafka_mixed_batch.json"


def parse(*arguments: str) -> Namespace:
    parser = ArgumentParser()
    replay.add_arguments(parser)
    return parser.parse_args(arguments)


def run(home: Path, *arguments: str) -> int:
    return replay.run(parse(*arguments), Settings({}, home))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["topic", "--from-time", "yesterday"], "yesterday is no time"),
        (["topic", "--to-time", "inf"], "inf is no time"),
        (["topic", "--from-offset", "-1"], "-1 is not a whole number"),
        (["topic", "--kafka-property", "name"], "name is not NAME=VALUE"),
        (["stream", "--from-sequence", "-1"], "-1 is not a whole number"),
        (["stream", "--to-time", "yesterday"], "yesterday is no time"),
        (["files"], "required: FILE"),
        (["files", "f", "--batch-size", "10001"], "10001 is not a number from 1 to 10000"),
        (["files", "f", "--rate", "0"], "0 is not a number over 0"),
        (["files", "f", "--attempts", "0"], "0 is not a whole number over 0"),
        ([], "required: SOURCE"),
    ],
)
def test_an_impossible_option_is_refused_with_what_was_expected(
    options: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(*options)

    assert expected in capsys.readouterr().err


def test_a_dry_run_of_a_file_needs_no_stack_and_sends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(tmp_path, "files", EVENT, "--dry-run")

    told = capsys.readouterr().out
    assert status == 0
    assert f"11 records in 1 events (0.0 MB) of {EVENT} would be sent to" in told
    assert "serverless-orders-ingest-orders; nothing was" in told
    assert "orders-1: 6 records, offsets 0 to 5" in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["files", EVENT], "no stack is running here.*or give --endpoint-url"),
        (["topic"], "no stack is running here.*or give --bootstrap-servers"),
        (["stream"], "no stack is running here.*or give --server"),
        (["stream", "--server", "localhost"], "not nats://host:port"),
        (["stream", "or ders", "--server", "nats://host"], "or ders is no stream's name"),
        (["files", "s3://b/p", "--dry-run"], "no stack is running.*or give --aws-endpoint-url"),
        (["files", EVENT, "--endpoint-url", "3001"], "3001 is no address; give http://host:port"),
        (["files", "missing.json", "--dry-run"], "missing.json: No such file"),
    ],
)
def test_what_cannot_be_found_is_told_with_the_way_out(
    tmp_path: Path, options: list[str], reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        run(tmp_path, *options)


@pytest.mark.parametrize(
    ("addresses", "source", "reason"),
    [
        (READS_NATS, "topic", "reads nats: `replay stream`, or give --bootstrap-servers"),
        (ADDRESSES, "stream", "reads kafka: `replay topic`, or give --server"),
    ],
)
def test_a_running_stack_has_one_of_topic_and_stream(
    tmp_path: Path, addresses: Addresses, source: str, reason: str
) -> None:
    keep_running(tmp_path, addresses)

    with pytest.raises(UserError, match=reason):
        run(tmp_path, source)
