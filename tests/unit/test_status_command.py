import json
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest

from devstack.commands import status
from devstack.settings import Settings
from tests.unit.addresses import READS_NATS, keep_running


def test_what_signs_in_to_servers_is_kept_to_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    addresses = replace(
        READS_NATS,
        nats_url="nats://me:secret@one:4222,nats://me:secret@two:4222",
        cache_url="rediss://:secret@cache:6379",
    )
    keep_running(tmp_path, addresses)
    parser = ArgumentParser()
    status.add_arguments(parser)

    status.run(parser.parse_args(["--json"]), Settings({}, tmp_path))

    told = json.loads(capsys.readouterr().out)["addresses"]
    assert told["nats_url"] == "nats://one:4222,nats://two:4222"
    assert told["cache_url"] == "rediss://cache:6379"
